// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// What an app does with PlaceOS's client, against the busbard at BUSBAR_URL.
//   node suite.mjs SECTION        prints "ok STEP" for each step; the first that fails ends it
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { base, clientId, load, one, options, redirectUri, until } from './client.mjs';

const driver = process.env.BUSBAR_DRIVER; // the id of the echo driver
const user = process.env.BUSBAR_USER;
const password = process.env.BUSBAR_PASSWORD;

async function step(name, run) {
  try {
    const result = await run();
    console.log(`ok ${name}`);
    return result;
  } catch (error) {
    const text = typeof error?.text === 'function' ? `${error.status} ${await error.text()}` : error?.stack ?? error;
    console.log(`not ok ${name}: ${text}`);
    process.exit(1);
  }
}

async function refused(promise, status) {
  try {
    await promise;
  } catch (response) {
    assert.equal(response.status, status);
    return response;
  }
  return assert.fail(`it was answered instead of refused with ${status}`);
}

async function signInByPassword() {
  const client = await load();
  await client.setup(options({ auth_type: 'password', username: user, password }));
  await until(() => client.hasToken(), 'a token');
  return client;
}

const query = (client, call) => one(call).then((page) => page.data);

async function resources(client, email) {
  await step('shows who is signed in', async () => {
    const me = await one(client.currentUser());
    assert.equal(me.email, email);
    assert.equal(me.sys_admin, true);
  });
  await step('pages through systems', async () => {
    for (const name of ['Page A', 'Page B', 'Page C']) await one(client.addSystem({ name }));
    const first = await one(client.querySystems({ limit: 2 }));
    assert.equal(first.data.length, 2);
    assert.ok(first.total >= 3);
    const second = await one(first.next());
    assert.ok(second.data.length >= 1);
    const ids = new Set([...first.data, ...second.data].map((system) => system.id));
    assert.equal(ids.size, first.data.length + second.data.length);
  });
  const system = await step('creates, changes and shows a system', async () => {
    const made = await one(client.addSystem({ name: 'Suite', description: 'first' }));
    const changed = await one(client.updateSystem(made.id, { description: 'second', version: made.version }));
    assert.equal(changed.description, 'second');
    const shown = await one(client.showSystem(made.id));
    assert.equal(shown.version, changed.version);
    return shown;
  });
  await step('is told of a version clash', () =>
    refused(one(client.updateSystem(system.id, { description: 'third', version: 99 })), 409));
  const zone = await step('creates a zone and puts the system into it', async () => {
    const made = await one(client.addZone({ name: 'Suite zone', tags: ['suite'] }));
    const now = await one(client.showSystem(system.id));
    await one(client.updateSystem(system.id, { zones: [made.id], version: now.version }));
    const zones = await one(client.listSystemZones(system.id));
    assert.deepEqual((zones.data ?? zones).map((row) => row.id), [made.id]);
    return made;
  });
  await step('finds the system by its words', async () => {
    const found = await query(client, client.querySystems({ q: 'seco suit' }));
    assert.ok(found.some((row) => row.id === system.id));
    assert.deepEqual(await query(client, client.querySystems({ q: 'nothingofthekind' })), []);
  });
  await step('keeps metadata and its history', async () => {
    for (const floor of [1, 2]) {
      await one(client.updateMetadata(zone.id, { name: 'suite', description: '', details: { floor }, parent_id: zone.id }));
    }
    const kept = await one(client.showMetadata(zone.id, 'suite'));
    assert.deepEqual(kept.details, { floor: 2 });
    const history = await one(client.get(`${client.apiEndpoint()}/metadata/${zone.id}/history?name=suite`));
    assert.deepEqual(history.suite.map((row) => row.details.floor).includes(1), true);
    await one(client.removeMetadata(zone.id, { name: 'suite' }));
  });
  const module = await step('creates a module and adds it to the system', async () => {
    const made = await one(client.addModule({ driver_id: driver, custom_name: 'Echo' }));
    await one(client.addSystemModule(system.id, made.id));
    const shown = await one(client.showModule(made.id));
    assert.equal(shown.driver_id, driver);
    return made;
  });
  await step('starts the system', async () => {
    await one(client.startSystem(system.id));
    await until(async () => (await one(client.showModule(module.id))).running, 'the module is wanted');
  });
  await step('reads functions and types', async () => {
    await until(async () => {
      try {
        return (await one(client.functionList(system.id, 'Echo', 1))).echo !== undefined;
      } catch { return false; }
    }, 'the functions of Echo_1');
    const types = await one(client.get(`${client.apiEndpoint()}/systems/${system.id}/types`));
    assert.equal(types.Echo, 1);
  });
  await step('calls a function', async () => {
    let answer;
    await until(async () => {
      try {
        answer = await one(client.executeOnSystem(system.id, 'echo', 'Echo', 1, [{ a: [1, 'x'] }]));
        return true;
      } catch { return false; }
    }, 'Echo_1 answers');
    assert.deepEqual(answer, { a: [1, 'x'] });
  });
  await step('sees a driver error', async () => {
    const response = await one(client.executeOnSystem(system.id, 'fail', 'Echo', 1, ['broken'])).then(
      () => assert.fail('it succeeded'), (error) => error);
    assert.ok(response.status >= 400);
    assert.match(await response.text(), /broken/);
  });
  await step('keeps settings and their history', async () => {
    const made = await one(client.addSettings({ parent_id: system.id, encryption_level: 0, settings_string: 'a: 1' }));
    await one(client.updateSettings(made.id, { ...made.toJSON(), settings_string: 'a: 2' }));
    const all = await query(client, client.querySettings({ parent_id: system.id }));
    assert.equal(all.length, 1);
    const history = await one(client.settingsHistory(made.id));
    assert.ok((history.data ?? history).length >= 1);
    await one(client.removeSettings(made.id));
    assert.equal((await query(client, client.querySettings({ parent_id: system.id }))).length, 0);
  });
  await step('changes a zone, and creates and deletes one', async () => {
    const changed = await one(client.updateZone(zone.id, { description: 'changed', tags: ['suite', 'more'] }));
    assert.equal(changed.description, 'changed');
    assert.ok((await query(client, client.queryZones({ tags: 'more' }))).some((row) => row.id === zone.id));
    const level = await one(client.addZone({ name: 'Suite level', parent_id: zone.id }));
    await one(client.removeZone(level.id));
    await refused(one(client.showZone(level.id)), 404);
  });
  await step('creates, changes, finds and deletes triggers', async () => {
    const conditions = {
      comparisons: [{ left: { mod: 'Echo_1', status: 'level' }, operator: 'equal', right: 'high' }],
      time_dependents: [{ type: 'cron', cron: '0 8 * * 1-5', timezone: 'Europe/Zurich' }] };
    const actions = {
      functions: [{ mod: 'Echo_1', method: 'set', args: { key: 'level', value: 'low' } }],
      mailers: [{ emails: ['suite@site.test'], content: 'too high' }] };
    const made = await one(client.addTrigger({ name: 'Suite trigger', conditions, actions, debounce_period: 500 }));
    assert.deepEqual(made.conditions, conditions);
    assert.deepEqual(made.actions, actions);
    const changed = await one(client.updateTrigger(made.id, { ...made.toJSON(), important: true, any_match: true }));
    assert.equal(changed.important, true);
    assert.equal((await one(client.showTrigger(made.id))).any_match, true);
    assert.deepEqual((await query(client, client.queryTriggers({ q: 'suite trig' }))).map((row) => row.id), [made.id]);
    const response = await refused(one(client.updateTrigger(made.id, {
      actions: { functions: [{ mod: 'Echo_1', method: '' }] } })), 422);
    assert.match(await response.text(), /actions\.functions\.0\.method/);
    await one(client.removeTrigger(made.id));
    await refused(one(client.showTrigger(made.id)), 404);
  });
  await step('puts a trigger to work in a system, changes it and takes it out', async () => {
    const trigger = await one(client.addTrigger({ name: 'At work', enable_webhook: true, important: true }));
    const made = await one(client.addSystemTrigger(system.id, { trigger_id: trigger.id }));
    assert.equal(made.trigger_id, trigger.id);
    assert.equal(made.important, true);
    assert.match(made.webhook_secret, /^[\w-]{43}$/);
    const listed = await query(client, client.listSystemTriggers(system.id, { q: 'work' }));
    assert.deepEqual(listed.map((row) => [row.id, row.name, row.system_name]), [[made.id, 'At work', system.name]]);
    // Its default verb, patch, becomes a GET: a fault of the client.
    const changed = await one(client.updateSystemTrigger(system.id, made.id, { ...made.toJSON(), enabled: false }, 'put'));
    assert.equal(changed.enabled, false);
    assert.equal((await one(client.showSystemTrigger(system.id, made.id))).enabled, false);
    assert.deepEqual((await one(client.listTriggerInstances(trigger.id))).map((row) => row.id), [made.id]);
    assert.deepEqual((await query(client, client.querySystems({ trigger_id: trigger.id }))).map((row) => row.id), [system.id]);
    await one(client.removeSystemTrigger(system.id, made.id));
    assert.deepEqual(await query(client, client.listSystemTriggers(system.id)), []);
    await one(client.removeTrigger(trigger.id));
  });
  await step('gives a trigger to each system of a zone', async () => {
    const trigger = await one(client.addTrigger({ name: 'Everywhere' }));
    await one(client.updateZone(zone.id, { triggers: [trigger.id] }));
    assert.deepEqual((await query(client, client.listZoneTriggers(zone.id))).map((row) => row.id), [trigger.id]);
    const given = await query(client, client.listSystemTriggers(system.id));
    assert.deepEqual(given.map((row) => [row.trigger_id, row.zone_id]), [[trigger.id, zone.id]]);
    await one(client.updateZone(zone.id, { triggers: [] }));
    assert.deepEqual(await query(client, client.listSystemTriggers(system.id)), []);
    await one(client.removeTrigger(trigger.id));
  });
  await step('changes a module, and takes one out of the system and deletes it', async () => {
    const changed = await one(client.updateModule(module.id, { notes: 'on the desk' }));
    assert.equal(changed.notes, 'on the desk');
    const other = await one(client.addModule({ driver_id: driver, custom_name: 'Spare' }));
    await one(client.addSystemModule(system.id, other.id));
    await one(client.removeSystemModule(system.id, other.id));
    assert.ok(!(await one(client.showSystem(system.id))).modules.includes(other.id));
    const last = await one(client.addModule({ driver_id: driver, custom_name: 'Last' }));
    await one(client.removeModule(last.id));
    await refused(one(client.showModule(last.id)), 404);
  });
  await step('changes a driver', async () => {
    const shown = await one(client.showDriver(driver));
    const changed = await one(client.updateDriver(driver, { ...shown.toJSON(), description: 'says it again' }));
    assert.equal(changed.description, 'says it again');
    assert.ok(await one(client.isDriverCompiled(driver)));
  });
  await step('creates, changes and deletes a domain and an application', async () => {
    const domain = await one(client.addDomain({ name: 'Suite', domain: 'suite.test' }));
    assert.equal((await one(client.updateDomain(domain.id, { description: 'east' }))).description, 'east');
    const app = await one(client.addApplication({
      name: 'Suite app', redirect_uri: 'https://suite.test/oauth-resp.html', owner_id: domain.id }));
    assert.equal((await one(client.updateApplication(app.id, { name: 'Suite app 2' }))).name, 'Suite app 2');
    await one(client.removeApplication(app.id));
    await one(client.removeDomain(domain.id));
    await refused(one(client.showDomain(domain.id)), 404);
  });
  await step('creates, changes and deletes a user', async () => {
    const made = await one(client.addUser({
      name: 'Grace', email: 'grace@suite.test', authority_id: client.authority().id }));
    const changed = await one(client.updateUser(made.id, { ...made.toJSON(), name: 'Grace H.' }));
    assert.equal(changed.name, 'Grace H.');
    await one(client.removeUser(made.id));
    await refused(one(client.showUser(made.id)), 404);
  });
  await step('lists domains, drivers and what is not served', async () => {
    assert.ok((await query(client, client.queryDomains())).length >= 1);
    assert.ok((await query(client, client.queryDrivers())).some((row) => row.id === driver));
    assert.deepEqual(await query(client, client.queryRepositories()), []);
    assert.deepEqual(await query(client, client.queryEdges()), []);
  });
  return { system, zone, module };
}

async function realtime(client, { system, module }) {
  const echo = client.getModule(system.id, 'Echo', 1);
  const variable = echo.variable('level');
  const seen = [];
  variable.listen().subscribe((value) => seen.push(value));
  const unbind = variable.bind();
  await step('calls over the websocket', async () => {
    assert.equal(await echo.execute('echo', [7]), 7);
  });
  await step('sees state change', async () => {
    await echo.execute('set', ['level', 'one']);
    await until(() => seen.includes('one'), 'level is one');
    await echo.execute('set', ['level', 'two']);
    await until(() => seen.includes('two'), 'level is two');
  });
  await step('is refused what does not exist', async () => {
    await assert.rejects(echo.execute('nothing', []));
  });
  await step('reads debug logs', async () => {
    const place = { sys: system.id, mod: module.id, index: 1, name: 'debug' };
    const lines = [];
    client.debug_events.subscribe((event) => lines.push(event));
    await client.debug(place);
    await until(async () => {
      await echo.execute('fail', ['logged']).catch(() => {});
      return lines.some((line) => line.mod_id === module.id && line.message === 'logged');
    }, 'a line of the module');
    await client.ignore(place);
  });
  return { echo, seen, unbind };
}

const sections = {
  async password() {
    const client = await step('signs in by password', signInByPassword);
    const made = await resources(client, user);
    const { unbind } = await realtime(client, made);
    unbind();
    await step('stops and deletes what it made', async () => {
      await one(client.stopSystem(made.system.id));
      await one(client.removeSystem(made.system.id));
      await one(client.removeZone(made.zone.id));
      await refused(one(client.showSystem(made.system.id)), 404);
    });
  },

  async key() {
    const client = await step('starts with an API key in its storage', async () => {
      const loaded = await load({ stored: { 'x-api-key': process.env.BUSBAR_KEY, trusted: 'true' } });
      await loaded.setup(options());
      await until(() => loaded.hasToken(), 'a credential');
      assert.equal(loaded.apiKey(), process.env.BUSBAR_KEY);
      return loaded;
    });
    const made = await resources(client, process.env.BUSBAR_KEY_EMAIL);
    (await realtime(client, made)).unbind();
  },

  async code() {
    const verifier = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const code = await step('gets a code with PKCE in a signed-in browser', async () => {
      const signedIn = await fetch(`${base}/auth/signin`, {
        method: 'POST', redirect: 'manual', body: new URLSearchParams({ email: user, password }),
        headers: { Origin: base },
      });
      assert.equal(signedIn.status, 202);
      const cookies = signedIn.headers.get('set-cookie').split(/, (?=[^ ]+=)/).map((text) => text.split(';')[0]);
      const where = new URL('/auth/oauth/authorize', base);
      where.search = new URLSearchParams({
        response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'public',
        state: 'nonce', code_challenge: challenge, code_challenge_method: 'S256' });
      const granted = await fetch(where, { redirect: 'manual', headers: { Cookie: cookies.join('; ') } });
      assert.ok([302, 303].includes(granted.status), `${granted.status} ${await granted.text()}`);
      const to = new URL(granted.headers.get('location'));
      assert.equal(to.searchParams.get('state'), 'nonce');
      return to.searchParams.get('code');
    });
    const client = await step('exchanges it for a token', async () => {
      const loaded = await load({
        search: `?code=${code}&state=nonce`,
        stored: { [`${clientId}_nonce`]: 'nonce' },
        session: { [`${clientId}_challenge`]: verifier },
      });
      await loaded.setup(options({ auth_type: 'auth_code' }));
      await until(() => loaded.hasToken(), 'a token');
      return loaded;
    });
    await step('uses it', async () => {
      assert.equal((await one(client.currentUser())).email, user);
    });
    await step('renews it', async () => {
      const before = client.token();
      client.invalidateToken();
      await client.authorise();
      await until(() => client.hasToken() && client.token() !== before, 'another token');
      assert.equal((await one(client.currentUser())).email, user);
    });
  },

  // Busbard is restarted when this says "restart", and is back on "go on".
  async reconnect() {
    const client = await step('signs in by password', signInByPassword);
    const system = { id: process.env.BUSBAR_SYSTEM };
    const echo = client.getModule(system.id, 'Echo', 1);
    const seen = [];
    const variable = echo.variable('level');
    variable.listen().subscribe((value) => seen.push(value));
    variable.bind();
    await step('is bound', async () => {
      await echo.execute('set', ['level', 'before']);
      await until(() => seen.includes('before'), 'the first value');
    });
    console.log('restart');
    await new Promise((resolve) => createInterface({ input: process.stdin }).once('line', resolve));
    await step('is bound again after a restart', async () => {
      await until(async () => {
        try {
          await echo.execute('set', ['level', 'after']);
          return seen.includes('after');
        } catch { return false; }
      }, 'the value after the restart', 50_000);
    });
  },
};

const section = sections[process.argv[2]];
if (!section) {
  console.error(`usage: suite.mjs ${Object.keys(sections).join('|')}`);
  process.exit(2);
}
await section();
console.log('done');
process.exit(0);
