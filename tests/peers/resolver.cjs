const isPeer = /^(axios|redis|undici|undici-8|@opentelemetry\/api)(\/|$)/;

/** Resolves the peers of the package in the folder `PEERS_FOLDER`, whatever imports them, and everything else as Jest does. */
module.exports = (path, options) =>
  options.defaultResolver(path, isPeer.test(path) ? { ...options, basedir: process.env.PEERS_FOLDER } : options);
