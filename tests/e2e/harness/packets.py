"""Packet lists for comparing what came out with what went in: ffmpeg reads, nothing is decoded."""

import subprocess
from dataclasses import dataclass
from fractions import Fraction

# Only what every container carries is compared: coded slices, without delimiters, parameter sets and framing.
NORMALISE = {
    "h264": "h264_mp4toannexb,filter_units=pass_types=1-5",
    "hevc": "hevc_mp4toannexb,filter_units=pass_types=0-31",
    "aac": "aac_adtstoasc",
}


@dataclass(frozen=True)
class Packet:
    dts: Fraction  # seconds
    pts: Fraction
    hash: str


def codec_of(source, kind, options=()):
    found = subprocess.run(
        ["ffprobe", "-v", "error", *options, "-select_streams", kind, "-show_entries", "stream=codec_name", "-of", "csv=p=0", source],
        check=True, capture_output=True, text=True,
    ).stdout.split()
    return found[0].strip(",") if found else None


def packets(source, kind, options=(), log=None):
    """The packets of the first "v" or "a" stream in decoding order. `log` collects what ffmpeg says at -v warning."""
    source = str(source)
    codec = codec_of(source, kind, options)
    if codec is None:
        return []
    bsf = NORMALISE.get(codec)
    if codec == "aac" and source.endswith((".mp4", ".m4s", ".mpd")):
        bsf = None
    result = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostdin", "-v", "warning", "-copyts", *options, "-i", source, "-map", f"0:{kind}:0", "-c", "copy",
         *([f"-bsf:{kind}", bsf] if bsf else []), "-f", "framehash", "-hash", "md5", "-"],
        check=True, capture_output=True, text=True,
    )
    if log is not None and result.stderr.strip():
        log.append(result.stderr.strip())
    base, found = Fraction(1, 90000), []
    for line in result.stdout.splitlines():
        if line.startswith("#tb 0:"):
            base = Fraction(line.split(":")[1].strip())
        elif line and not line.startswith("#"):
            _, dts, pts, _, _, digest = [field.strip() for field in line.split(",")[:6]]
            found.append(Packet(int(dts) * base, int(pts) * base, digest))
    return found


def assert_same_run(wanted, got, tolerance=Fraction(1, 90000), least=2):
    """`got` is a gapless run out of `wanted` (the clip, from some frame on): same packets, same distances."""
    assert len(got) >= least, f"only {len(got)} packets came, {least} wanted"
    by_hash = {}
    for i, packet in enumerate(wanted):
        by_hash.setdefault(packet.hash, []).append(i)
    starts = [i for i in by_hash.get(got[0].hash, []) if i + len(got) <= len(wanted)]
    assert starts, f"the first packet ({got[0]}) is not the clip's, or more came than the clip has ({len(got)} of {len(wanted)})"
    problems = []
    for start in starts:
        problem = _difference(wanted[start:start + len(got)], got, tolerance)
        if problem is None:
            return wanted[start], got[0]
        problems.append(problem)
    raise AssertionError(problems[0])


def _difference(wanted, got, tolerance):
    for i, (w, g) in enumerate(zip(wanted, got)):
        if w.hash != g.hash:
            return f"packet {i} of {len(got)}: another frame than the clip's (lost or doubled)"
        for field in ("dts", "pts"):
            distance = (getattr(g, field) - got[0].dts) - (getattr(w, field) - wanted[0].dts)
            if abs(distance) > tolerance:
                return f"packet {i} of {len(got)}: {field} is {float(distance) * 1000:.3f} ms off"
    return None
