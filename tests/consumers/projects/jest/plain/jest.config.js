// The defaults of Jest.
module.exports = {};
