/** Whether nobody on the way can read what is sent there: https, or http that stays on this machine. (RFC 6749 §10.8) */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

// The URL parser has already turned 127.1, 0x7f.1 and the like into four decimal numbers.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
