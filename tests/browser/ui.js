// Drives alignctl ui in headless Chromium: asking, taking results along, watching
// a run, comparing answers; and what other sites and writers get.
//
//   node --test ui.js
//
// $ALIGNCTL is the program; $LAKE a lake in which models were asked, and which
// trains $MODEL; $ALIGNCTL_BROWSER and $CHROMIUM are what setup.sh says.
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, test } = require('node:test');
const installed = name => path.join(process.env.ALIGNCTL_BROWSER, 'node_modules', name);
const { chromium } = require(installed('playwright-core'));
const axe = fs.readFileSync(installed('axe-core/axe.min.js'), 'utf8');

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const { ALIGNCTL: program, LAKE: lake, MODEL: model } = process.env;
const complaints = []; // of the browser
let ui, address, browser, context, page;

before(async () => {
  ui = spawn(program, ['ui', '--quiet', '--lake', lake], { stdio: ['ignore', 'pipe', 'inherit'] });
  address = await new Promise(resolve => ui.stdout.once('data', line => resolve(String(line).trim())));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: quiet });
  context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(error.message));
  page.on('request', request => /^data:/.test(request.url()) || request.url().startsWith(base()) || complaints.push('asked for ' + request.url()));
  await page.goto(address);
});

after(async () => {
  await browser?.close();
  const ended = new Promise(resolve => ui.once('exit', resolve));
  ui.kill('SIGINT');
  assert.equal(await ended, 130);
});

const base = () => new URL(address).origin;
const open = (where) => page.goto(base() + where);
const rows = () => page.locator("table.rows tbody tr").count();

test("the token leaves the address", () => {
  assert.equal(page.url(), base() + "/");
});

test("a query is completed, runs, and stays in the address", async () => {
  await open("/sql");
  await page.waitForResponse((r) => r.url().endsWith("/sql/words")).catch(() => {}); // it may have come already
  await page.locator("#q").pressSequentially("select cue, response, n123 from core.stre");
  await page.locator("#words li").first().waitFor();
  assert.match(await page.locator("#words li").first().textContent(), /core\.strength/);
  await page.keyboard.press("Tab");
  await page.keyboard.type(" where language = 'en' order by n123 desc, cue, response limit 7");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
  await page.locator("table.rows").waitFor();
  assert.equal(await rows(), 7);
  assert.match(new URL(page.url()).searchParams.get("q"), /^select cue, response, n123 from core\.strength where/);
  await page.reload();
  assert.equal(await rows(), 7);
});

test("the examples run", async () => {
  await open("/sql");
  const examples = await page.locator(".examples a").evaluateAll((links) => links.map((a) => a.getAttribute("href")));
  assert.ok(examples.length > 2);
  for (const example of examples) {
    await open(example);
    assert.ok(await rows(), example);
  }
});

test("a wrong query shows its place", async () => {
  await open("/sql?q=" + encodeURIComponent("select '🧠',\n  nope\nfrom core.strength"));
  assert.match(await page.locator(".error").textContent(), /nope[^]*LINE 2/);
  const marked = await page.locator("#q").evaluate((q) => q.value.slice(q.selectionStart, q.selectionEnd));
  assert.equal(marked, "nope");
});

test("results come as CSV and Parquet, with all rows", async () => {
  await open("/sql?q=" + encodeURIComponent("select i, 'w' || i as word from range(5000) t(i) order by i"));
  assert.match(await page.locator("main").textContent(), /The first 1.000 rows/);
  for (const [name, check] of [
    ["CSV", (content) => assert.equal(String(content).trim().split("\n").length, 5001)],
    ["Parquet", (content) => assert.equal(String(content.subarray(0, 4)), "PAR1")],
  ]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
    check(fs.readFileSync(await download.path()));
  }
});

test("answers of two models stand side by side", async () => {
  await open("/samples");
  const named = (select, name) => page.locator(`select[name=${select}] option`).filter({ hasText: name }).first().getAttribute("value");
  await page.locator("select[name=run]").selectOption(await named("run", "knowing"));
  await page.locator("select[name=other]").selectOption(await named("other", "ignorant"));
  await page.getByRole("button", { name: "Show" }).click();
  await page.locator(".answers.two").waitFor();
  const first = page.locator("article").first();
  assert.equal(await first.locator(".given p").count(), 2);
  const cue = (await first.locator("h2").innerText()).split(/\s+/)[0];
  await page.locator("input[name=search]").fill(cue);
  await page.keyboard.press("Enter");
  await page.waitForURL(/search=./);
  for (const text of await page.locator("article").allTextContents()) assert.ok(text.includes(cue));
});

test("the curves of a run grow while it goes on", { timeout: 300_000 }, async () => {
  const run = spawn(program, ["train", "sft", "--quiet", "--lake", lake, "--model", model, "--data", "data.sft_ranked", "--method", "full",
    "--lr", "3e-3", "--batch", "32", "--epochs", "40", "--backend", "go", "--out", model + "-trained"], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => run.once("exit", resolve));
  try {
    const link = page.locator("tr:has(.state-running) th a").first();
    await open("/runs");
    for (let i = 0; i < 60 && !(await link.count()); i++) { await page.waitForTimeout(1000); await page.reload(); }
    await link.click();
    await page.locator("#loss svg").first().waitFor({ state: "attached", timeout: 120_000 });
    await page.evaluate(() => { window.stayed = true; });
    const points = () => page.locator("#loss summary").first().textContent();
    const begun = await points();
    await page.waitForFunction((begun) => document.querySelector("#loss summary").textContent !== begun, begun, { timeout: 120_000 });
    assert.ok(await page.evaluate(() => window.stayed), "the page was loaded anew");
  } finally {
    run.kill("SIGINT");
    await ended;
  }
  await page.locator(".state-interrupted").first().waitFor({ timeout: 30_000 });
});

test("another site gets nothing", async () => {
  const attempts = `<!doctype html><title>hostile</title><body><script>
    const got = [];
    const attempt = (name, element, url) => new Promise((done) => {
      element.onload = () => { got.push(name); done(); };
      element.onerror = done;
      setTimeout(done, 3000);
      element.src = url;
      document.body.append(element);
    });
    const asked = "${base()}/sql?q=select+1";
    Promise.all([
      fetch(asked, { credentials: "include" }).then(() => got.push("fetch"), () => {}),
      fetch(asked, { credentials: "include", method: "POST", headers: { "x-own": "1" } }).then(() => got.push("post"), () => {}),
      attempt("script", document.createElement("script"), "${base()}/sql/words"),
      attempt("image", new Image(), "${base()}/static/icon.svg"),
    ]).then(() => { document.title = "got: " + got.join(" "); });
  </script><a href="${base()}/sql?q=select+1">a link</a>
  <form method="post" action="${base()}/sql"><button>send</button></form></body>`;
  const site = http.createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end(attempts)).listen(0, "127.0.0.1");
  await new Promise((resolve) => site.once("listening", resolve));
  try {
    for (const host of ["127.0.0.1", "localhost"]) { // the same site by its name, another origin by its port; another site
      const hostile = await context.newPage();
      const there = `http://${host}:${site.address().port}/`;
      await hostile.goto(there);
      await hostile.waitForFunction(() => document.title.startsWith("got:"));
      assert.equal(await hostile.title(), "got:");
      await hostile.getByRole("link").click();
      assert.match(await hostile.locator("body").textContent(), /Another site asked/);
      await hostile.goto(there);
      await hostile.getByRole("button").click();
      assert.match(await hostile.locator("body").textContent(), /Another site asked/);
      await hostile.close();
    }
  } finally {
    site.close();
  }
});

test("nothing can be written", async () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const status = await page.evaluate((method) => fetch("/sql?q=select+1", { method }).then((a) => a.status), method);
    assert.ok([403, 405].includes(status), `${method}: ${status}`);
  }
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !/40[35] \(/.test(c))); // the browser's own words about these
  await open("/sql?q=" + encodeURIComponent("copy core.strength to '/tmp/x.csv'"));
  assert.match(await page.locator(".error").textContent(), /only reads/);
});

test("pages fit their screens and can be read by all", async () => {
  await open("/runs");
  const run = await page.locator("th a").first().getAttribute("href");
  for (const where of ["/", "/tables/core.strength", "/runs", run, "/samples", "/lineage?of=core.strength", "/sql?q=from+core.strength", "/nowhere"]) {
    for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      await open(where);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${where} is wider than ${width}`);
      await page.evaluate(axe + ";0");
      const { violations } = await page.evaluate(() => window.axe.run());
      const serious = violations.filter((v) => ["serious", "critical"].includes(v.impact));
      assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes[0].html}`), [], where);
    }
  }
});

test("the browser has no complaints", () => {
  assert.deepEqual(complaints.filter((c) => !/404/.test(c)), []);
});
