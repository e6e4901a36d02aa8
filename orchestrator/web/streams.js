// The list of streams: what /-/streams says, every two seconds. All text goes in as text.
'use strict';
(() => {
  const list = document.getElementById('streams');
  const notice = document.getElementById('notice');
  const count = document.getElementById('count');

  const describe = (stats) => {
    const tracks = (stats.media_info && stats.media_info.tracks) || [];
    const parts = tracks.map((t) => {
      if (t.content === 'video') return `${t.codec} ${t.height ? `${t.width}×${t.height}` : ''}${t.fps ? ` ${Math.round(t.fps * 100) / 100} fps` : ''}`;
      return `${t.codec}${t.language ? ` ${t.language}` : ''}`;
    });
    return parts.length ? parts.join(' · ') : stats.status === 'running' ? '' : `${stats.status}…`;
  };

  const card = (stream) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `/${stream.name.split('/').map(encodeURIComponent).join('/')}/embed.html`;
    link.className = stream.stats.alive ? 'running' : stream.stats.status;
    const name = document.createElement('strong');
    name.append(document.createElement('i'), stream.title || stream.name);
    const about = document.createElement('small');
    about.textContent = describe(stream.stats);
    link.append(name, about);
    item.append(link);
    return item;
  };

  let shown = '';
  const refresh = async () => {
    try {
      const reply = await fetch('/-/streams?limit=1000', {cache: 'no-store'});
      if (!reply.ok) throw new Error(`the server answers ${reply.status}`);
      const body = await reply.json();
      const text = JSON.stringify(body.streams);
      if (text !== shown) {
        shown = text;
        list.replaceChildren(...body.streams.map(card));
      }
      count.textContent = body.estimated_count === 1 ? '1 stream' : `${body.estimated_count} streams`;
      notice.hidden = body.streams.length > 0;
      notice.textContent = 'There are no streams yet. Add one to the configuration: stream demo { input fake://fake; }';
    } catch (error) {
      notice.hidden = false;
      notice.textContent = `No connection: ${error.message}`;
    }
    setTimeout(refresh, 2000);
  };
  refresh();
})();
