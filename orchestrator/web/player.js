// The player page of one stream: /NAME/embed.html. hls.js where there are Media Source Extensions, else the browser's own HLS.
// Parameters: autoplay, mute, volume (0-100), proto (hls, ll-hls, dash is played as hls), realtime, start_track, token.
'use strict';
(() => {
  const at = (id) => document.getElementById(id);
  const video = at('video');
  const options = new URLSearchParams(location.search);
  const flag = (name, otherwise) => {
    const value = options.get(name);
    return value === null ? otherwise : !['false', '0', 'no', 'off'].includes(value);
  };
  const folder = location.pathname.replace(/[^/]*$/, '');
  const name = decodeURIComponent(folder.replace(/^\/|\/$/g, ''));
  const with_token = (file) => {
    const url = new URL(folder + file, location.href);
    if (options.get('token')) url.searchParams.set('token', options.get('token'));
    return url.href;
  };
  const low_latency = options.get('proto') === 'll-hls' || flag('realtime', false);
  const set_title = (title) => {
    at('title').textContent = title;
    document.title = `${title} – Sluice`;
  };
  const say = (text) => {
    at('notice').textContent = text;
    at('notice').hidden = !text;
  };

  set_title(name);
  video.muted = flag('mute', flag('autoplay', true));  // browsers start on their own only what is silent
  const volume = Number(options.get('volume') ?? NaN);
  if (volume >= 0 && volume <= 100) video.volume = volume / 100;
  video.autoplay = flag('autoplay', true);
  video.addEventListener('playing', () => {
    say('');
    at('live').hidden = false;
  });

  let hls = null;
  let level_of = () => null;
  const show = () => {
    let latency = hls && Number.isFinite(hls.latency) && hls.latency > 0 ? hls.latency : null;
    if (latency === null && video.seekable.length) latency = video.seekable.end(video.seekable.length - 1) - video.currentTime;
    at('latency').textContent = latency !== null && !video.paused ? `${latency.toFixed(1)} s behind live` : '';
    at('resolution').textContent = video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : '';
    const level = level_of();
    at('bitrate').textContent = level && level.bitrate ? `${(level.bitrate / 1e6).toFixed(2)} Mbit/s` : '';
  };
  setInterval(show, 500);

  const start_with_hls_js = (source) => {
    let wait = 1000;
    hls = new Hls({lowLatencyMode: low_latency, backBufferLength: 30, liveDurationInfinity: true});
    const load = () => hls.loadSource(source);
    level_of = () => hls.levels[hls.currentLevel] || hls.levels[0];
    hls.on(Hls.Events.MANIFEST_PARSED, (event, data) => {
      wait = 1000;
      const track = /^v(\d+)$/.exec(options.get('start_track') || '');
      if (track) {
        // Several variants may carry the track; the playlist's address says which.
        const level = data.levels.findIndex((l) => (l.url[0] || l.url).includes(`tracks-${track[0]}`));
        if (level >= 0) hls.startLevel = level;
      }
      if (video.autoplay) video.play().catch(() => say('Press play'));
    });
    hls.on(Hls.Events.ERROR, (event, data) => {
      if (!data.fatal) return;
      const missing = data.response && (data.response.code === 404 || data.response.code === 503);
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR) {
        hls.recoverMediaError();
        return;
      }
      say(missing ? 'Waiting for the stream…' : 'The connection was lost; trying again…');
      at('live').hidden = true;
      setTimeout(load, wait);
      wait = Math.min(wait * 2, 10000);
    });
    hls.attachMedia(video);
    load();
  };

  const start_native = (source) => {
    const load = () => { video.src = source; };
    video.addEventListener('error', () => {
      say('Waiting for the stream…');
      setTimeout(load, 2000);
    });
    load();
  };

  const start = (tracks) => {
    const modern = tracks.some((t) => ['hevc', 'av1', 'vp9', 'opus'].includes(t.codec));
    const file = low_latency ? 'index.ll.m3u8' : modern ? 'index.fmp4.m3u8' : 'index.m3u8';
    at('mode').textContent = low_latency ? 'low latency' : '';
    const source = with_token(file);
    if (window.Hls && Hls.isSupported()) start_with_hls_js(source);
    else if (video.canPlayType('application/vnd.apple.mpegurl')) start_native(source);
    else say('This browser cannot play HLS.');
  };

  // What the stream is made of decides the container; a stream that has not begun is asked again.
  let begun = false;
  const ask = async () => {
    try {
      const reply = await fetch(with_token('media_info.json'), {cache: 'no-store'});
      const info = reply.ok ? await reply.json() : {};
      if (info.title) set_title(info.title);
      if (info.tracks && info.tracks.length) {
        begun = true;
        start(info.tracks);
      }
    } catch { /* asked again below */ }
    if (begun) return;
    say('Waiting for the stream…');
    setTimeout(ask, 1000);
  };
  ask();
})();
