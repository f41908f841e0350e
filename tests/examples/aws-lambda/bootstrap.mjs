// The part of AWS Lambda's runtime that calls a function: it loads the handler `<file>.<export>` of `_HANDLER` once, and
// then asks the runtime API for one invocation after another.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const handler = await load().catch(async (error) => {
  await post('/init/error', describe(error), error.name);
  process.exit(1);
});
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  try {
    await post(`/invocation/${id}/response`, (await handler(await next.json())) ?? null);
  } catch (error) {
    await post(`/invocation/${id}/error`, describe(error), error.name);
  }
}

async function load() {
  const [file, name] = _HANDLER.split('.');
  const module = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  return module[name];
}

function describe({ name, message, stack }) {
  return { errorType: name, errorMessage: message, stackTrace: stack.split('\n') };
}

async function post(path, body, errorType) {
  const headers = errorType === undefined ? {} : { 'lambda-runtime-function-error-type': errorType };
  const response = await fetch(`${api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (response.status !== 202) throw new Error(`${path}: ${response.status}`);
}
