// node players.mjs PAGE SECONDS [SCREENSHOT]: opens a page with a <video> in Chromium, waits until the picture has moved on for SECONDS,
// and prints a JSON report: {currentTime, frames, dropped, …window.report}. Exit 1 if that does not come within SECONDS + 40 s.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const [page_url, seconds, screenshot] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'sluice-chromium-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  viewport: {width: 1100, height: 760},
  ignoreHTTPSErrors: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});
const page = await context.newPage();
const console_lines = [];
page.on('console', (m) => { if (m.type() === 'error') console_lines.push(m.text()); });
page.on('pageerror', (e) => console_lines.push(String(e)));
await page.goto(page_url);

const look = () => page.evaluate(() => {
  const video = document.querySelector('video');
  const quality = video?.getVideoPlaybackQuality();
  return {
    currentTime: video?.currentTime ?? 0,
    frames: quality?.totalVideoFrames ?? 0,
    dropped: quality?.droppedVideoFrames ?? 0,
    width: video?.videoWidth ?? 0,
    ...window.report,
  };
});

let report, first, ok = false;
const end = Date.now() + (Number(seconds) + 40) * 1000;
while (Date.now() < end && !ok) {
  report = await look();
  if (report.errors?.length) break;
  if (report.frames > 0) first ??= report.currentTime;
  ok = first !== undefined && report.currentTime - first >= Number(seconds) && report.frames >= Number(seconds) * 10;
  if (!ok) await page.waitForTimeout(200);
}
if (screenshot) await page.screenshot({path: screenshot});
console.log(JSON.stringify({ok, advanced: report.currentTime - (first ?? report.currentTime), console: console_lines, ...report}));
await context.close();
rmSync(profile, {recursive: true, force: true});
process.exit(ok ? 0 : 1);
