/**
 * What the documentation of a subject offers, beside tokens that it caches. `any-server`: it works with every
 * authorization server, not only with that of its vendor.
 */
export type Feature =
  | 'any-server'
  | 'coalescing'
  | 'early-renewal'
  | 'outage'
  | 'spacing'
  | 'retries'
  | 'retry-after'
  | 'deadline'
  | 'resend'
  | 'abort'
  | 'rotation';

/** What is said about a subject. */
export interface About {
  readonly name: string;
  /** The name of its npm package; absent for code by hand. */
  readonly package?: string;
  /** Where its documentation describes the configuration. */
  readonly docs: string;
  /** The HTTP client that sends its requests to the API. */
  readonly client: 'fetch' | 'axios';
  readonly offers: readonly Feature[];
  /** Whether it sends requests to the API, and does not only return tokens. */
  readonly sends: boolean;
}

/** What a subject is configured with. */
export interface Settings {
  readonly tokenEndpoint: string;
  readonly apiOrigin: string;
  readonly clientId: string;
  /** Returns the current secret; for workload identity, the current identity token. */
  readonly secret: () => string;
  /** A file that holds the same. */
  readonly secretFile: string;
  /** Limit for a grant, if the subject has such an option. */
  readonly timeoutMs?: number;
  /** An agent for axios that keeps connections open; absent outside of the measurements of time. */
  readonly agent?: unknown;
}

/** One of the compared libraries in its documented configuration. It has at least one of the methods. */
export interface Subject {
  /** Returns a token. */
  readonly getToken?: (options?: { readonly signal?: AbortSignal }) => Promise<string>;
  /** Sends a request with a token to the API. */
  readonly request?: (path: string, options?: RequestOptions) => Promise<Reply>;
}

/** Options of a request to the API. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** A response of `fetch`, or of another client that has read the body. */
export interface Reply {
  readonly status: number;
  readonly data?: unknown;
  text?(): Promise<string>;
}

/** The module of a subject in `tests/compare/peers`. */
export interface SubjectModule {
  readonly about: About;
  readonly createSubject: (settings: Settings) => Subject;
}
