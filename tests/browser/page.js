// Opens a page in headless Chromium as people do, on a phone and on a desk, in
// light and in dark, and prints what is wrong with it, a line a fault:
//
//   node page.js FILE.html
//
// $ALIGNCTL_BROWSER is the folder in which setup.sh installed playwright-core and
// axe-core, $CHROMIUM the browser, $SHOTS a folder for screenshots (none: none).
const path = require('path');
const fs = require('fs');
const installed = name => require(path.join(process.env.ALIGNCTL_BROWSER, 'node_modules', name));
const { chromium } = installed('playwright-core');
const axe = fs.readFileSync(path.join(process.env.ALIGNCTL_BROWSER, 'node_modules/axe-core/axe.min.js'), 'utf8');

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

const faults = new Set();
const fault = text => faults.add(text);

const looks = [];
for (const [screen, width, height] of [['phone', 375, 812], ['desk', 1280, 900]])
  for (const scheme of ['light', 'dark']) looks.push({ screen, width, height, scheme });

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: quiet });
  for (const look of looks) await open(browser, look, path.resolve(process.argv[2]));
  await browser.close();
  for (const text of faults) console.log(text);
})().catch(error => { console.log(String(error)); process.exitCode = 1; });

async function open(browser, look, file) {
  const name = `${look.screen}-${look.scheme}`;
  const page = await browser.newPage({ viewport: { width: look.width, height: look.height }, colorScheme: look.scheme, bypassCSP: false });
  page.on('console', message => ['error', 'warning'].includes(message.type()) && fault(`${name}: console: ${message.text()}`));
  page.on('pageerror', error => fault(`${name}: error: ${error}`));
  page.on('dialog', dialog => { fault(`${name}: a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', request => request.url() !== 'file://' + file && fault(`${name}: a request: ${request.url().slice(0, 100)}`));
  await page.goto('file://' + file);
  if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, name + '.png'), fullPage: true });
  for (const text of await page.evaluate(lookOver)) fault(`${name}: ${text}`);
  await page.evaluate(() => document.querySelectorAll('details').forEach(d => { d.open = true; }));
  for (const text of await access(page)) fault(`${name}: axe: ${text}`);
  if (look.scheme === 'light') await download(page, name);
  if (look.screen === 'desk' && look.scheme === 'light') await print(page);
  await page.close();
}

// lookOver runs in the page: every figure is drawn and has all of its words
// inside, and nothing but tables and graphs is wider than the screen.
function lookOver() {
  const wrong = [];
  const figures = [...document.querySelectorAll('figure')];
  if (figures.length === 0) wrong.push('no figure');
  if (document.documentElement.scrollWidth > window.innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const figure of figures) {
    const title = figure.querySelector('figcaption').textContent;
    const shown = [...figure.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0);
    if (shown.length !== 1) wrong.push(`${title}: ${shown.length} drawings are shown`);
    for (const svg of shown) {
      const frame = svg.getBoundingClientRect();
      if (frame.height < 40 || svg.querySelectorAll('path, line, rect, circle').length < 3) wrong.push(`${title}: nothing is drawn`);
      for (const text of svg.querySelectorAll('text')) {
        const box = text.getBoundingClientRect();
        if (box.left < frame.left - 3 || box.right > frame.right + 3 || box.bottom > frame.bottom + 3)
          wrong.push(`${title}: "${text.textContent}" goes beyond the drawing`);
      }
    }
  }
  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1]));
  levels.forEach((level, i) => { if (i > 0 && level > levels[i - 1] + 1) wrong.push(`heading ${i + 1} skips a level`); });
  return wrong;
}

// access gives what axe-core finds serious or critical.
async function access(page) {
  const session = await page.context().newCDPSession(page); // past the page's policy, which lets no script run
  await session.send('Runtime.evaluate', { expression: axe });
  const { result } = await session.send('Runtime.evaluate', { expression: 'axe.run(document, { resultTypes: ["violations"] })', awaitPromise: true,
    returnByValue: true });
  return result.value.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 2).map(n => n.html.slice(0, 120)).join(' ')}`);
}

// download saves a table as a reader does.
async function download(page, name) {
  const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('a[download]').first().click()]);
  const text = fs.readFileSync(await saved.path(), 'utf8');
  if (!saved.suggestedFilename().endsWith('.csv') || text.trim().split('\n').length < 2) fault(`${name}: the csv is not whole: ${text.slice(0, 80)}`);
}

// print makes pages of paper; nothing on them may be cut at the side.
async function print(page) {
  await page.emulateMedia({ media: 'print' });
  const pdf = await page.pdf({ format: 'A4', path: process.env.SHOTS && path.join(process.env.SHOTS, 'print.pdf') });
  if (pdf.length < 10000) fault('print: nothing comes out');
}
