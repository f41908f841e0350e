const axios = require('axios');
const library = require('m2m-tokens');
const { bearerToken } = require('m2m-tokens/axios');

const { checks } = require('../checks.cjs');

test.each(Object.entries(checks))('%s', (_, check) => check({ axios, library, bearerToken }));
