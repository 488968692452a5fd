// What RapiDoc does not do by itself: groups of operations, our style inside of it, and signing in. The last is OAuth
// with PKCE (RFC 7636): a session of the login page turns into a token of this page, which only this page's memory holds.
'use strict';

const docs = document.querySelector('rapi-doc');
const state = document.getElementById('sign-in-state');
const redirectUri = `${location.origin}/api/docs`;
const client = docs.dataset.client;
const kKept = 'busbar-docs-sign-in'; // in the session storage, from here to the login page and back

// More than a thousand answers are one of a few. RapiDoc takes seconds to look each of them up, so they come without it, and
// get it when all else is there.
const kAnswer = /\{\$ref: '#\/components\/responses\/(\w+)'\}/g;

async function load() {
  const text = await (await fetch('/api/openapi.yaml')).text();
  const url = URL.createObjectURL(new Blob([text.replaceAll(kAnswer, '{x-answer: $1}')]));
  await docs.loadSpec(url);
  URL.revokeObjectURL(url);
}

function addAnswers(spec) {
  for (const { responses = {} } of Object.values(spec.paths).flatMap(Object.values)) {
    for (const [status, response] of Object.entries(responses)) {
      if (response['x-answer']) responses[status] = spec.components.responses[response['x-answer']];
    }
  }
}

// A group opens when it is chosen: twenty lines instead of two hundred.
docs.addEventListener('before-render', ({ detail: { spec } }) => {
  addAnswers(spec);
  for (const tag of spec.tags) tag['x-tag-expanded'] = false;
  // Places of the control websocket alone, which is not called from here.
  const schemes = spec.components.securitySchemes;
  for (const [name, scheme] of Object.entries(schemes)) {
    if (scheme.in === 'query' || scheme.in === 'cookie') delete schemes[name];
  }
});

// What RapiDoc leaves out: names of its fields and roles of its links, for who does not see where they stand.
function describe(root) {
  for (const field of root.querySelectorAll(':is(input, select, textarea):not([aria-label])')) {
    const row = field.closest('tr')?.querySelector('span');
    const name = field.dataset.pname ?? (field.matches('.api-key-input') ? row?.textContent.trim() : field.placeholder);
    field.setAttribute('aria-label', name || field.title || 'Value');
  }
  // An answer may be longer than its frame, which then is moved by keyboard.
  for (const text of root.querySelectorAll('pre:not([tabindex])')) text.tabIndex = 0;
  // It does what the group does that it stands in.
  for (const icon of root.querySelectorAll('.nav-bar-tag-icon[tabindex="0"]')) icon.tabIndex = -1;
  for (const link of root.querySelectorAll('[data-action][tabindex="0"]:not([role])')) {
    link.setAttribute('role', link.dataset.action === 'navigate' ? 'link' : 'button');
  }
}

const kParts = 'api-request, api-response, schema-table, schema-tree, json-tree, tag-input';

// Brings our style and words into a shadow tree, and into those inside of it, as they come.
function furnish(root, sheet) {
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const look = () => {
    describe(root);
    for (const { shadowRoot } of root.querySelectorAll(kParts)) {
      if (shadowRoot && !shadowRoot.adoptedStyleSheets.includes(sheet)) furnish(shadowRoot, sheet);
    }
  };
  new MutationObserver(look).observe(root, { childList: true, subtree: true });
  look();
}

async function addStyle() {
  const sheet = new CSSStyleSheet();
  await sheet.replace(await (await fetch('/api/docs/rapidoc.css')).text());
  furnish(docs.shadowRoot, sheet);
  // Who follows a link by keyboard goes where it leads, not through all other links first.
  docs.shadowRoot.addEventListener('keyup', ({ key, target }) => {
    if (key === 'Enter' && target.dataset?.action === 'navigate') docs.shadowRoot.querySelector('main').focus();
  }, { capture: true }); // RapiDoc lets it come no further
}

function encode(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));

async function signIn() {
  const kept = { state: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(kKept, JSON.stringify(kept));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(kept.verifier));
  location.assign(`/auth/oauth/authorize?${new URLSearchParams({
    response_type: 'code', client_id: client, redirect_uri: redirectUri, scope: 'public', state: kept.state,
    code_challenge: encode(digest), code_challenge_method: 'S256' })}`);
}

// The token for the code that this page was called back with, if it was; what it asked for is forgotten either way.
async function takeToken() {
  const answer = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(kKept) ?? 'null');
  sessionStorage.removeItem(kKept);
  if (!answer.has('state')) return null;
  history.replaceState(null, '', location.pathname + (kept?.hash ?? location.hash));
  if (answer.get('state') !== kept?.state) return null;
  if (!answer.has('code')) throw new Error(answer.get('error_description') ?? 'no code came back');
  const response = await fetch('/auth/oauth/token', { method: 'POST', credentials: 'omit', body: new URLSearchParams({
    grant_type: 'authorization_code', client_id: client, redirect_uri: redirectUri, code: answer.get('code'),
    code_verifier: kept.verifier }) });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error_description);
  return body.access_token;
}

const isLoaded = new Promise((resolve) => { docs.addEventListener('spec-loaded', resolve, { once: true }); });

async function begin() {
  // Without a secure context there is no digest for PKCE, and a token has no business on such a way.
  if (client && window.isSecureContext) {
    document.getElementById('sign-in-place').hidden = false;
    document.getElementById('sign-in').addEventListener('click', signIn);
  }
  await customElements.whenDefined('rapi-doc');
  await addStyle();
  load();
  try {
    const token = await takeToken();
    await isLoaded;
    if (token && docs.setApiKey('bearer', token)) state.textContent = 'Signed in. Calls of this page are yours.';
  } catch (error) {
    state.textContent = `Signing in failed: ${error.message}.`;
  }
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', ({ matches }) => {
  docs.setAttribute('theme', matches ? 'dark' : 'light');
});
begin();
