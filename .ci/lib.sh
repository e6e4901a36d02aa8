# Shared by ./run and ./test: installs what is missing, configures and builds. Sourced, never run.
# Everything comes from Debian's packages and, for the web players, from npm.

# A bare Debian 12 needs these to build and to run.
run_packages=(
  g++ meson ninja-build pkg-config ccache ca-certificates
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-x
  libsoup-3.0-dev glib-networking libjson-glib-dev libxxhash-dev libfmt-dev libexpected-dev zlib1g-dev
  libssl-dev libnghttp2-dev
  fonts-dejavu-core tzdata
)
# ./test needs these as well: the real clients, the yardsticks, the checkers.
test_packages=(
  libgtest-dev libgmock-dev python3 python3-pytest ffmpeg nginx libnginx-mod-rtmp chromium
  gir1.2-gst-rtsp-server-1.0 python3-gi faketime iproute2 nftables procps curl jq openssl
  libxml2-utils nghttp2-client
)
# Sanitizers and fuzzing.
clang_packages=(clang libclang-rt-14-dev llvm)

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# install PACKAGE...: only what is missing, and only then as root.
install() {
  local missing=() p
  for p in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  # Node.js may come from elsewhere than Debian; then Debian's npm does not fit beside it.
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing; install them as root: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get -q update &&
         "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}"
       } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install them (the whole log: $log)"
  fi
  rm -f "$log"
}

# build DIR [meson option...]: configures once, then builds what changed. Quiet unless it fails.
build() {
  local dir=$1 log
  shift
  log=$(mktemp)
  if [ ! -f "$dir/build.ninja" ]; then
    meson setup "$dir" "$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "meson setup failed (the whole log: $log)"; }
  fi
  say "building in $dir/"
  ninja -C "$dir" >"$log" 2>&1 || { grep -E 'error|FAILED' -A5 "$log" | head -n 60 >&2; die "the build failed (the whole log: $log)"; }
  rm -f "$log"
}
