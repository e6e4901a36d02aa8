"""Sources of every protocol, sent by real programs in real time. Each gives the input line that Sluice reads it by."""

import functools
import http.server
import os
import socket
import threading

from .ports import free_port, free_udp_port, listening
from .wait import wait_for

RTSP_SERVER = os.path.join(os.path.dirname(__file__), "rtsp_server.py")


class Sources:
    """`start` methods send a clip once, in real time; `loop` repeats it for ever."""

    def __init__(self, folder, processes):
        self.folder, self.processes = folder, processes
        self._rtmp_port = None

    def _send(self, clip, *output, loop=False, name="source"):
        looping = ["-stream_loop", "-1"] if loop else []
        return self.processes.ffmpeg("-re", *looping, "-i", clip, "-c", "copy", *output, name=name)

    def udp(self, clip, loop=False, port=None, extra=()):
        port = port or free_udp_port()
        process = self._send(clip, *extra, "-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316", loop=loop, name="udp")
        return f"udp://127.0.0.1:{port}", process

    def tshttp(self, clip, loop=False):
        port = free_port()
        process = self._send(clip, "-f", "mpegts", "-listen", "1", f"http://127.0.0.1:{port}/live.ts", loop=loop, name="tshttp")
        wait_for(lambda: listening(port), what="ffmpeg listening for HTTP")
        return f"tshttp://127.0.0.1:{port}/live.ts", process

    def srt(self, clip, loop=False):
        port = free_udp_port()
        process = self._send(clip, "-f", "mpegts", f"srt://127.0.0.1:{port}?mode=listener", loop=loop, name="srt")
        return f"srt://127.0.0.1:{port}", process

    def hls(self, clip, loop=False):
        folder = self.folder / f"hls-{free_port()}"
        folder.mkdir()
        process = self._send(clip, "-f", "hls", "-hls_time", "2", "-hls_list_size", "6", "-hls_flags", "delete_segments+omit_endlist",
                             folder / "live.m3u8", loop=loop, name="hls")
        handler = functools.partial(_Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"hls://127.0.0.1:{server.server_address[1]}/live.m3u8", process

    def rtmp(self, clip, loop=False):
        if self._rtmp_port is None:
            self._rtmp_port = self._nginx_rtmp()
        name = f"clip{len(self.processes.all)}"
        url = f"rtmp://127.0.0.1:{self._rtmp_port}/live/{name}"
        return url, self._send(clip, "-f", "flv", url, loop=loop, name="rtmp")

    def rtsp(self, clip, codec, audio=True):
        port = free_port()
        argv = ["/usr/bin/python3", RTSP_SERVER, port, clip, codec, "av" if audio else "v"]
        process = self.processes.start(argv, "rtsp")
        wait_for(lambda: listening(port), what="the RTSP server listening")
        return f"rtsp://127.0.0.1:{port}/clip", process

    @staticmethod
    def breaking_http(body):
        return BreakingHttp(body)

    def _nginx_rtmp(self):
        port = free_port()
        folder = self.folder / f"nginx-{port}"
        folder.mkdir()
        conf = folder / "nginx.conf"
        conf.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;
events {{}}
rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 4096; application live {{ live on; wait_key on; }} }} }}
""")
        self.processes.start(["nginx", "-p", folder, "-c", conf, "-e", folder / "error.log"], "nginx-rtmp")
        wait_for(lambda: listening(port), what="nginx-rtmp listening")
        return port


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class BreakingHttp:
    """Sends the bytes to each client and resets the connection: a source that comes and goes."""

    def __init__(self, body):
        self.body, self.served = body, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                try:
                    client.recv(4096)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n" + self.body)
                except OSError:
                    pass
                self.served += 1

    def close(self):
        self.socket.close()
