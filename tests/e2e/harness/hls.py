"""Reading live playlists as a player would, and keeping the segments."""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from .daemon import fetch


@dataclass
class Segment:
    uri: str
    duration: float
    number: int
    discontinuity: bool = False
    date: str = None
    init: str = None
    gap: bool = False


@dataclass
class Playlist:
    url: str
    text: str
    segments: list = field(default_factory=list)
    tags: dict = field(default_factory=dict)
    ended: bool = False


def media_playlist(url):
    reply = fetch(url)
    assert reply.status == 200, (url, reply.status, reply.body)
    return parse(url, reply.text)


def parse(url, text):
    playlist = Playlist(url, text)
    number, duration, discontinuity, date, init, gap = 0, None, False, None, None, False
    for line in text.splitlines():
        if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            number = int(line.split(":")[1])
        elif line.startswith("#EXTINF:"):
            duration = float(line[8:].split(",")[0])
        elif line == "#EXT-X-DISCONTINUITY":
            discontinuity = True
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = line.split(":", 1)[1]
        elif line.startswith("#EXT-X-MAP:"):
            init = urljoin(url, re.search(r'URI="([^"]+)"', line)[1])
        elif line == "#EXT-X-GAP":
            gap = True
        elif line == "#EXT-X-ENDLIST":
            playlist.ended = True
        elif line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            playlist.tags.setdefault(name, value)
        elif line and not line.startswith("#"):
            playlist.segments.append(Segment(urljoin(url, line), duration, number, discontinuity, date, init, gap))
            number, discontinuity, date, gap = number + 1, False, None, False
    playlist.tags["first"] = playlist.segments[0].number if playlist.segments else None
    return playlist


def variants(url):
    """(attributes line, address) of each variant and rendition of a master playlist."""
    reply = fetch(url)
    assert reply.status == 200, (url, reply.status, reply.body)
    found, pending = [], None
    for line in reply.text.splitlines():
        if line.startswith("#EXT-X-STREAM-INF:"):
            pending = line
        elif line.startswith("#EXT-X-MEDIA:"):
            found.append((line, urljoin(url, re.search(r'URI="([^"]+)"', line)[1])))
        elif line and not line.startswith("#"):
            found.append((pending, urljoin(url, line)))
    return found


def save(playlist, path):
    """Writes init segment (of the first) and all segments of the playlist into one file."""
    segments = [s for s in playlist.segments if not s.gap]
    with open(path, "wb") as out:
        if segments and segments[0].init:
            out.write(_body(segments[0].init))
        for segment in segments:
            out.write(_body(segment.uri))
    return path


def _body(url):
    reply = fetch(url)
    assert reply.status == 200, (url, reply.status)
    return reply.body
