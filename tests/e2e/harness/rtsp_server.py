"""rtsp_server.py PORT CLIP h264|h265 av|v: serves the clip at rtsp://127.0.0.1:PORT/clip, in real time,
to any number of clients; it ends when the clip does."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

port, clip, codec, kinds = sys.argv[1:]
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
launch = (
    f'( filesrc location="{clip}" ! qtdemux name=d '
    f"d.video_0 ! queue max-size-time=0 max-size-bytes=0 ! {codec}parse config-interval=-1 ! rtp{codec}pay name=pay0 pt=96 "
)
if kinds == "av":
    launch += "d.audio_0 ! queue max-size-time=0 max-size-bytes=0 ! aacparse ! rtpmp4gpay name=pay1 pt=97 "
factory.set_launch(launch + ")")
factory.set_shared(True)
loop = GLib.MainLoop()
factory.connect("media-configure", lambda _, media: media.connect("unprepared", lambda _: loop.quit()))
server.get_mount_points().add_factory("/clip", factory)
if not server.attach(None):
    sys.exit(f"port {port} cannot be had")
loop.run()
