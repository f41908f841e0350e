import { channel, tracingChannel } from 'node:diagnostics_channel';

import type { TokenService } from '../../src/service/token-service.js';
import { observeTokens } from '../../src/telemetry/opentelemetry/index.js';
import { cleanUp } from '../support/clean-up.js';
import { startMetrics, startTraces } from '../support/telemetry.js';
import { type Artefact, artefactsOf } from './artefacts.js';

/** All that a token service publishes to its channels and to OpenTelemetry. */
export interface RecordedTelemetry {
  /** The messages of the channels. The message of a grant is the same object from its start to its end. */
  readonly messages: ReadonlySet<unknown>;
  /** All that was written, when no grant is under way any more. */
  artefacts(): Promise<Artefact[]>;
}

/** Records the telemetry of a token service until the test ends. */
export function recordTelemetry(tokens: TokenService): RecordedTelemetry {
  const { meterProvider, collect } = startMetrics();
  const { tracerProvider, spans } = startTraces();
  observeTokens(tokens, { meterProvider, tracerProvider });

  const messages = new Set<unknown>();
  const record = (message: unknown): void => void messages.add(message);
  const { start, end, asyncStart, asyncEnd, error } = tracingChannel('m2m-tokens:grant');
  for (const each of [start, end, asyncStart, asyncEnd, error, channel('m2m-tokens:event')]) {
    each.subscribe(record);
    cleanUp(() => each.unsubscribe(record));
  }

  return {
    messages,
    async artefacts() {
      const exported = spans().map(({ name, attributes, status, events, links }) => ({
        name,
        attributes,
        status,
        events,
        links,
      }));
      return [
        ...artefactsOf('messages of the channels', [...messages]),
        { origin: 'spans', channel: 'JSON.stringify', text: JSON.stringify(exported) },
        { origin: 'metrics', channel: 'JSON.stringify', text: JSON.stringify(await collect()) },
        { origin: 'stats()', channel: 'JSON.stringify', text: JSON.stringify(tokens.stats()) },
      ];
    },
  };
}
