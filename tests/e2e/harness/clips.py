"""Test clips, made once by ffmpeg and kept for the session."""

import fcntl
import os
import subprocess

VIDEO = {
    # name: encoder arguments
    "h264": ["libx264", "-preset", "ultrafast", "-bf", "0"],
    "h264b": ["libx264", "-preset", "fast", "-bf", "3", "-x264-params", "b-pyramid=normal:scenecut=0"],
    "h265": ["libx265", "-preset", "ultrafast", "-x265-params", "bframes=0:log-level=none"],
    "h265b": ["libx265", "-preset", "ultrafast", "-x265-params", "bframes=3:b-adapt=0:log-level=none"],
}


class Clips:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def make(self, codec="h264", seconds=20, fps="25", gop=25, size="320x180", kind="mp4", audio=True, extra=()):
        """The path of a clip: moving pattern with `codec`, a sine with AAC. `kind` is the container's ending."""
        tag = "-".join(str(x) for x in (codec, seconds, fps.replace("/", "_"), gop, size, int(audio), *extra)).replace("/", "_")
        path = self.folder / f"{tag}.{kind}"
        with open(f"{path}.lock", "w") as lock:  # tests that run side by side share the folder
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                self._encode(path, codec, seconds, fps, gop, size, audio, extra)
        return path

    @staticmethod
    def _encode(path, codec, seconds, fps, gop, size, audio, extra):
        inputs = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps}"]
        if audio:
            inputs += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
        partial = path.with_name("making-" + path.name)
        subprocess.run(
            ["ffmpeg", "-hide_banner", "-nostdin", "-y", "-loglevel", "error", *inputs, "-t", str(seconds),
             "-pix_fmt", "yuv420p", "-c:v", *VIDEO[codec], "-g", str(gop), "-keyint_min", str(gop),
             *(["-c:a", "aac", "-b:a", "96k"] if audio else []),
             *(["-tag:v", "hvc1"] if codec.startswith("h265") and path.suffix == ".mp4" else []),
             *(["-video_track_timescale", "90000"] if path.suffix == ".mp4" else []),
             *extra, partial],
            check=True,
        )
        partial.rename(path)
