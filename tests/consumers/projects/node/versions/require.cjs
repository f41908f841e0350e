// Requires every entry of the installed package: `node versions/require.cjs <expected major version>`.
const assert = require('node:assert/strict');

const { exports: entries, name, version } = require('m2m-tokens/package.json');

assert.equal(process.versions.node.split('.')[0], process.argv[2]);

for (const entry of Object.keys(entries)) {
  const names = Object.keys(require(entry.replace('.', name)));
  assert.ok(names.length > 0, `${entry} exports nothing`);
}
console.log(`Node ${process.versions.node} requires ${Object.keys(entries).join(' and ')} of version ${version}`);
