// The error of Node.js without node:sqlite, which undici 7.0 expects. Jest's error has another code.
throw Object.assign(new Error('No such built-in module: node:sqlite'), { code: 'ERR_UNKNOWN_BUILTIN_MODULE' });
