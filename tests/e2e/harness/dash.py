"""Reading a live MPD as a player would, and keeping the segments."""

import xml.etree.ElementTree as ElementTree
from urllib.parse import urljoin

from .daemon import fetch

NS = {"d": "urn:mpeg:dash:schema:mpd:2011"}


def segments(url, representation):
    """(init address, [(time, duration, address)]) of a representation, over all periods; times in the template's timescale."""
    reply = fetch(url)
    assert reply.status == 200, (url, reply.status, reply.body)
    root = ElementTree.fromstring(reply.body)
    init, found = None, []
    for period in root.findall("d:Period", NS):
        for one in period.iterfind(".//d:Representation", NS):
            if one.get("id") != representation:
                continue
            parent = next(s for s in period.findall("d:AdaptationSet", NS) if one in list(s))
            template = one.find("d:SegmentTemplate", NS)
            if template is None:
                template = parent.find("d:SegmentTemplate", NS)
            init = init or urljoin(url, template.get("initialization").replace("$RepresentationID$", representation))
            time = 0
            for s in template.iterfind("d:SegmentTimeline/d:S", NS):
                time = int(s.get("t", time))
                for _ in range(int(s.get("r", 0)) + 1):
                    media = template.get("media").replace("$RepresentationID$", representation).replace("$Time$", str(time))
                    found.append((time, int(s.get("d")), urljoin(url, media)))
                    time += int(s.get("d"))
    assert found, f"no representation {representation} in {url}"
    return init, found


def save(url, representation, path):
    init, found = segments(url, representation)
    with open(path, "wb") as out:
        for address in [init] + [s[2] for s in found]:
            reply = fetch(address)
            assert reply.status == 200, (address, reply.status)
            out.write(reply.body)
    return path
