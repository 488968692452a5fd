// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// People in front of the pages of the busbard at BUSBAR_URL. Reads names of sections from stdin, a line each, and
// prints "ok STEP (MS ms)" for each step, then "done SECTION", or "not ok STEP" and "failed SECTION".
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { browser, checkAccess, find, focusOn, open, tabTo, until } from './browser.mjs';

const base = process.env.BUSBAR_URL;
const key = process.env.BUSBAR_KEY;
const email = 'ada@site.test';
const password = 'green ladder 1871';
const kWrong = 'The name or the password is wrong.';
const kCanaries = ['<img src=x onerror=alert(1)>', '"><script>alert(2)</script>', '<svg/onload=alert(3)>'];
const kScripts = kCanaries.join(' ');
const kAttribute = '"><svg/onload=alert(4)><a"';  // would end the attribute that it comes into

async function step(name, run) {
  const begin = performance.now();
  try {
    const result = await run();
    console.log(`ok ${name} (${Math.round(performance.now() - begin)} ms)`);
    return result;
  } catch (error) {
    console.log(`not ok ${name}: ${error.stack ?? error}`);
    throw error;
  }
}

async function api(method, path, body) {
  const response = await fetch(`${base}/api/engine/v2${path}`, {
    method, headers: { 'X-API-Key': key, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

// An application on an origin of its own, as they are.
const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><link rel="icon" href="data:,"><title>App</title>');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const app = `http://127.0.0.1:${server.address().port}`;
const redirectUri = `${app}/back`;
const clientId = createHash('md5').update(redirectUri).digest('hex');
const docsUri = `${base}/api/docs`;

// Texts that others wrote and that pages may show hold scripts from the first.
const [domain] = await api('GET', '/domains');
await api('PATCH', `/domains/${domain.id}`, { name: `Site ${kScripts}`, description: kScripts });
await api('POST', '/users', { name: `Ada ${kScripts}`, email, password, authority_id: domain.id, sys_admin: true });
await api('POST', '/oauth_apps', { name: `App ${kScripts}`, redirect_uri: redirectUri, owner_id: domain.id });
await api('POST', '/systems', { name: `Room ${kScripts}`, description: kScripts });

function authorization() {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'public', state: 'nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' });
  return { verifier, url: `${base}/auth/oauth/authorize?${query}` };
}

const redeem = (code, verifier) => fetch(`${base}/auth/oauth/token`, { method: 'POST', body: new URLSearchParams({
  grant_type: 'authorization_code', client_id: clientId, redirect_uri: redirectUri, code, code_verifier: verifier }) });

async function signIn(page, secret = password) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(secret);
  await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
}

const sessionOf = async (context) => (await context.cookies()).find(({ name }) => name.includes('busbar_session'));

async function openDocs(page, where = '') {
  await page.goto(`${docsUri}${where}`);
  await find(page, '.nav-bar-tag');
}

// As by a link of the page: nothing is loaded again.
async function show(page, where, selector) {
  await page.evaluate((hash) => { location.hash = hash; }, where);
  return find(page, selector);
}

// Calls the operation that is shown, and returns the text of the answer.
async function tryIt(page, where) {
  await show(page, where, `[id="${where}"]`);
  const button = await find(page, '[part~="btn-try"]');
  await button.click();
  await find(page, '.response-message');
  const answer = await find(page, '[part~="tab-content"] pre code');
  await page.waitForFunction((element) => !['', '⌛'].includes(element.textContent), {}, answer);
  return answer.evaluate((element) => element.textContent);
}

const apply = async (page, value) => {
  const field = await show(page, 'auth', '#security-scheme-key .api-key-input');
  await field.click();
  await field.type(value);
  await (await find(page, '#security-scheme-key button')).click();
  await find(page, '.blue-text');
};

const sections = {
  async signIn() {
    const { page, context, finish } = await open([base, app]);
    const { verifier, url } = authorization();
    await step('an application sends a person to the login page', async () => {
      await page.goto(url);
      assert.equal(new URL(page.url()).pathname, '/login');
      await focusOn(page, 'email');
    });
    await step('a wrong password is refused and announced', async () => {
      await signIn(page, 'wrong');
      assert.equal(new URL(page.url()).pathname, '/login');
      assert.equal(await sessionOf(context), undefined);
      assert.equal(await page.$eval('[role=alert]', (element) => element.textContent), kWrong);
      await focusOn(page, 'email');
      const tree = await page.accessibility.snapshot({ interestingOnly: false });
      const nodes = (node) => [node, ...(node.children ?? []).flatMap(nodes)];
      const field = nodes(tree).find((node) => node.focused && node.role === 'textbox');
      assert.equal(field?.description, kWrong, 'a screen reader says it with the field');
    });
    const code = await step('the right one leads back to the application', async () => {
      await signIn(page);
      const to = new URL(page.url());
      assert.equal(`${to.origin}${to.pathname}`, redirectUri);
      assert.equal(to.searchParams.get('state'), 'nonce');
      return to.searchParams.get('code');
    });
    await step('the code becomes a token of that person', async () => {
      const answer = await redeem(code, verifier);
      assert.equal(answer.status, 200);
      const { access_token: token } = await answer.json();
      const me = await fetch(`${base}/api/engine/v2/users/current`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal((await me.json()).email, email);
    });
    await step('the session is for this server alone, and scripts do not see it', async () => {
      const session = await sessionOf(context);
      assert.equal(session.httpOnly, true);
      assert.equal(session.sameSite, 'Lax');
    });
    await step('who is signed in is not asked again', async () => {
      await page.goto(authorization().url);
      assert.equal(new URL(page.url()).origin, app);
    });
    await finish();
  },

  async signOut() {
    const { page, context, finish } = await open([base, app]);
    const { verifier, url } = authorization();
    await page.goto(url);
    await signIn(page);
    const code = new URL(page.url()).searchParams.get('code');
    const session = await sessionOf(context);
    await step('signing out leads to the login page, without a session', async () => {
      await page.goto(`${base}/auth/logout`);
      assert.equal(new URL(page.url()).pathname, '/login');
      assert.equal(await sessionOf(context), undefined);
    });
    await step('the session is over also for who kept its cookie, and so is the code', async () => {
      const answer = await fetch(`${base}/auth/authority`, { headers: { Cookie: `${session.name}=${session.value}` } });
      assert.equal((await answer.json()).session, false);
      assert.equal((await redeem(code, verifier)).status, 400);
    });
    await step('going back leads to the login page as soon as the application asks', async () => {
      await page.goBack();
      assert.equal(new URL(page.url()).origin, app);
      await page.goto(url);
      assert.equal(new URL(page.url()).pathname, '/login');
    });
    await finish();
  },

  async keyboard() {
    const { page, context, finish } = await open([base]);
    await step('signs in', async () => {
      await page.goto(`${base}/login?continue=${encodeURIComponent('/api/docs')}`);
      assert.ok((await focusOn(page, 'email')).isMarked);
      await page.keyboard.type(email);
      await tabTo(page, ({ id }) => id === 'password', 'the password', 1);
      await page.keyboard.type(password);
      await tabTo(page, ({ tag }) => tag === 'BUTTON', 'the button', 1);
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      assert.equal(page.url(), docsUri);
      assert.ok(await sessionOf(context));
    });
    await find(page, '.nav-bar-tag');
    await step('sets an API key', async () => {
      await tabTo(page, ({ id }) => id === 'link-auth', 'Authentication');
      await page.keyboard.press('Enter');
      await find(page, '#security-scheme-key');
      const field = await tabTo(page, ({ id }) => id.endsWith('key-api-key-input'), 'the field of the key');
      assert.equal(field.label, 'API Key (X-API-Key)');
      await page.keyboard.type(key);
      await tabTo(page, ({ text }) => text === 'SET', 'SET', 1);
      await page.keyboard.press('Enter');
      await find(page, '.blue-text');
    });
    await step('opens a group, chooses an operation and calls it', async () => {
      await tabTo(page, ({ id }) => id === 'link-tag--Systems', 'the first group');
      await page.keyboard.press('Enter');
      await find(page, '.nav-bar-tag-and-paths.expanded');
      await tabTo(page, ({ id }) => id === 'link-get-/api/engine/v2/systems', 'its first operation');
      await page.keyboard.press('Enter');
      await find(page, '[id="get-/api/engine/v2/systems"]');
      await tabTo(page, ({ text }) => text === 'TRY', 'TRY');
      await page.keyboard.press('Enter');
      const message = await find(page, '.response-message');
      await page.waitForFunction((element) => element.textContent.includes('200'), {}, message);
    });
    await finish();
  },

  async docsByKey() {
    const { page, finish } = await open([base]);
    await step('shows every operation, in groups', async () => {
      await openDocs(page);
      // What is served, and what is sent: webhooks stand beside the paths.
      const described = (await (await fetch(`${base}/api/openapi.yaml`)).text()).match(/^ {6}operationId: /gm).length;
      assert.ok(described > 200);
      assert.equal((await page.$$('rapi-doc >>> .nav-bar-path')).length, described);
      assert.ok((await page.$$('rapi-doc >>> .nav-bar-tag')).length > 15);
      assert.match(await page.$eval('rapi-doc >>> #api-title', (title) => title.textContent), /Busbar/);
    });
    await step('calls with an API key and shows the answer, scripts in it as text', async () => {
      await apply(page, key);
      const rows = JSON.parse(await tryIt(page, 'get-/api/engine/v2/systems'));
      assert.deepEqual(rows.map(({ name }) => name), [`Room ${kScripts}`]);
      await checkAccess(page, 'an operation and its answer');
      const listed = await page.$$('rapi-doc >>> [part~="btn-response-status"]');
      const statuses = await Promise.all(listed.map((each) => each.evaluate((button) => button.textContent.trim())));
      assert.deepEqual(statuses, ['200', '400', '401', '403', '429', '503', '504']);
      await listed[2].click();
      await until(page, () => globalThis.deepFind('api-response').shadowRoot.textContent.includes('application/problem+json'));
    });
    await step('shows names of domains, applications and people as text', async () => {
      for (const [where, shown] of [['domains', 'Site'], ['oauth_apps', 'App'], ['users', 'Ada']]) {
        const text = await tryIt(page, `get-/api/engine/v2/${where}`);
        assert.ok(text.includes(JSON.stringify(`${shown} ${kScripts}`)), `${where}: ${text}`);
        const images = await page.$$('rapi-doc >>> :is(img, svg[onload])');
        assert.equal(images.length, 0);
      }
    });
    await finish();
  },

  async docsBySession() {
    const { page, finish } = await open([base]);
    await step('offers no sign-in before an admin has registered it, and takes no code that it did not ask for', async () => {
      await openDocs(page, '?code=forged&state=forged#auth');
      await find(page, '.red-text');
      await until(page, () => location.search === '');
      assert.equal(await page.$eval('#sign-in-place', (place) => place.hidden), true);
      assert.equal(await page.$eval('#sign-in-state', (state) => state.textContent), '');
    });
    await api('POST', '/oauth_apps', { name: `Reference ${kScripts}`, redirect_uri: docsUri, owner_id: domain.id });
    await page.reload();
    await step('signs in and calls as the person of the session', async () => {
      await page.locator('#sign-in').click();
      await page.waitForSelector('form[action="/auth/signin"]');
      await signIn(page);
      await until(page, () => document.getElementById('sign-in-state')?.textContent.startsWith('Signed in'));
      assert.equal(page.url(), `${docsUri}#auth`);
      const me = JSON.parse(await tryIt(page, 'get-/api/engine/v2/users/current'));
      assert.equal(me.email, email);
      assert.equal(JSON.parse(await tryIt(page, 'get-/api/engine/v2/systems')).length, 1);
    });
    await step('keeps no token where another page could find it', async () => {
      const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
      assert.deepEqual(kept, [0, 0, '']);
    });
    await finish();
  },

  async loginAccess() {
    for (const scheme of ['light', 'dark']) {
      const { page, finish } = await open([base], { scheme });
      await step(`the login page, ${scheme}`, async () => {
        await page.goto(`${base}/login`);
        await checkAccess(page, 'fresh');
        await page.goto(`${base}/login?error=wrong&continue=${encodeURIComponent(`/${kAttribute}`)}`);
        assert.equal(await page.$eval('[name=continue]', (field) => field.value), `/${kAttribute}`);
        await checkAccess(page, 'with an error');
      });
      await finish();
    }
  },

  async docsAccess() {
    for (const scheme of ['light', 'dark']) {
      const { page, finish } = await open([base], { scheme });
      await step(`the reference, ${scheme}`, async () => {
        await openDocs(page);
        await checkAccess(page, 'overview');
        await show(page, 'auth', '#security-scheme-key');
        await checkAccess(page, 'authentication');
        await show(page, 'post-/api/engine/v2/systems', '[part~="btn-try"]');
        await checkAccess(page, 'an operation with a body');
      });
      await finish();
    }
  },
};

for await (const name of createInterface({ input: process.stdin })) {
  try {
    await sections[name]();
    console.log(`done ${name}`);
  } catch (error) {
    console.log(`${error.stack ?? error}\nfailed ${name}`);
  }
}
await browser.close();
server.close();
