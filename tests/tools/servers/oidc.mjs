// An OAuth2 server for tests: node oidc.mjs PORT TOKEN_SECONDS. Clients `arna` (form) and `arna-basic` (basic), secret `s3/cr et`.
// `GET /check` says whether the bearer token of the request is valid; `GET /count` how many tokens were given out.

import Provider from 'oidc-provider';

const [port, life] = process.argv.slice(2).map(Number);
const client = (id, method) => ({
  client_id: id,
  client_secret: 's3/cr et-which-is-long-enough',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: method,
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client('arna', 'client_secret_post'), client('arna-basic', 'client_secret_basic')],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  scopes: ['orders'],
  ttl: { ClientCredentials: life },
});

let given = 0;
provider.on('client_credentials.saved', () => { given += 1; });

provider.use(async (ctx, next) => {
  if (ctx.path === '/count') {
    ctx.body = { given };
    return;
  }
  if (ctx.path === '/check') {
    const token = (ctx.get('authorization').match(/^Bearer (.+)$/) ?? [])[1];
    const found = token ? await provider.ClientCredentials.find(token) : undefined;
    ctx.status = found?.isValid ? 200 : 401;
    ctx.body = found?.isValid ? { client: found.clientId, scope: found.scope ?? null } : { error: 'invalid_token' };
    return;
  }
  await next();
});

provider.listen(port, '127.0.0.1');
