#!/usr/bin/env bash
# Makes the clips of this folder and, from each, the list of packets that ffprobe sees in it:
# stream index, pts, dts, flags (K = key). Needs ffmpeg with libx264, libx265, libmp3lame and libopus.
set -euo pipefail
cd "$(dirname "$0")"

clip() {  # name, then ffmpeg's output options
  local name=$1
  shift
  ffmpeg -v error -y -f lavfi -i testsrc2=size=128x72:rate=25 -f lavfi -i sine=frequency=500:sample_rate=48000 \
    -t 2 -pix_fmt yuv420p -fflags +bitexact -flags +bitexact "$@" -f mpegts "$name.ts"
  ffprobe -v error -show_entries packet=stream_index,pts,dts,flags -of csv=p=0 "$name.ts" |
    sed "/^$/d; s/,$//" >"$name.csv"
}

x264=(-c:v libx264 -b:v 80k -g 25 -preset veryfast -threads 1)
clip h264_bframes_aac -map 0:v -map 1:a "${x264[@]}" -bf 2 -c:a aac -b:a 48k -ac 2
clip h264_mp3 -map 0:v -map 1:a "${x264[@]}" -bf 0 -c:a libmp3lame -b:a 48k -ar 44100
clip h264_wrap -map 0:v -map 1:a "${x264[@]}" -bf 2 -c:a aac -b:a 48k -output_ts_offset 95441.3
clip hevc_ac3 -map 0:v -map 1:a -c:v libx265 -b:v 80k -x265-params log-level=error:keyint=25:pools=1 -threads 1 \
  -c:a ac3 -b:a 64k
clip mpeg2_mp2 -map 0:v -map 1:a -c:v mpeg2video -b:v 150k -g 12 -bf 2 -c:a mp2 -b:a 64k -muxrate 500k
clip mpeg1_eac3 -map 0:v -map 1:a -c:v mpeg1video -b:v 150k -g 12 -c:a eac3 -b:a 64k
clip h264_interlaced -map 0:v "${x264[@]}" -bf 2 -flags +bitexact+ildct+ilme -x264-params tff=1
clip two_audio_opus -map 0:v -map 1:a -map 1:a "${x264[@]}" -bf 0 -c:a:0 libopus -b:a 32k -c:a:1 aac \
  -metadata:s:a:0 language=eng -metadata:s:a:1 language=rus
