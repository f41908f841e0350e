const { test } = require('node:test');

const axios = require('axios');
const library = require('m2m-tokens');
const { bearerToken } = require('m2m-tokens/axios');

const { checks } = require('./checks.cjs');

for (const [name, check] of Object.entries(checks)) test(name, () => check({ axios, library, bearerToken }));
