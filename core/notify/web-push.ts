import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import webPush from 'web-push';
import type { Subscription } from '../domain/push-subscription.js';
import { isPublicAddress, publicLookup } from '../runtime/public-host.js';
import type { Secrets } from '../runtime/secrets.js';

export type PushOutcome =
  | { kind: 'sent' }
  /** The browser has unsubscribed, or the endpoint may not be called. */
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string };

export type WebPush = {
  send(
    subscription: Subscription,
    note: { title: string; text: string; url: string },
  ): Promise<PushOutcome>;
};

/** `any` is for tests alone: endpoints of this machine, without TLS. */
export type PushHosts = 'public' | 'any';

const answerMsMax = 10_000;
/** A note that comes later than this is no longer true. */
const lifeSeconds = 300;

/** An endpoint is an address that a stranger has typed, so it may only lead out of the house. */
export function mayPush(endpoint: string, hosts: PushHosts): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, username, password } = new URL(endpoint);
  if (username !== '' || password !== '') return false;
  if (hosts === 'any') return protocol === 'https:' || protocol === 'http:';
  const host = hostname.replace(/^\[|\]$/g, '');
  return protocol === 'https:' && (isIP(host) === 0 ? host.includes('.') : isPublicAddress(host));
}

/** Sends notes that only the subscribed browser can read, signed by this Usher's VAPID key. */
export function openWebPush(settings: {
  vapid: NonNullable<Secrets['vapid']>;
  /** Whom a push service may write to, such as `mailto:…` or the public address. */
  subject: string;
  hosts: PushHosts;
}): WebPush {
  const { vapid, subject, hosts } = settings;
  return {
    send: async (subscription, note) => {
      if (!mayPush(subscription.endpoint, hosts)) return { kind: 'refused', reason: 'endpoint' };
      const { endpoint, keys } = subscription;
      const { headers, body } = webPush.generateRequestDetails(
        { endpoint, keys },
        JSON.stringify(note),
        {
          vapidDetails: { subject, publicKey: vapid.publicKey, privateKey: vapid.privateKey },
          TTL: lifeSeconds,
          urgency: 'high',
          contentEncoding: 'aes128gcm',
        },
      );
      return post(endpoint, { headers: headers as Record<string, string>, body, hosts });
    },
  };
}

function post(
  endpoint: string,
  { headers, body, hosts }: { headers: Record<string, string>; body: Buffer; hosts: PushHosts },
): Promise<PushOutcome> {
  const url = new URL(endpoint);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ kind: 'failed', reason: error.message });
    const call = request(
      url,
      {
        method: 'POST',
        headers,
        timeout: answerMsMax,
        ...(hosts === 'public' ? { lookup: publicLookup } : {}),
      },
      (answer) => {
        answer.resume();
        resolve(outcomeOf(answer.statusCode ?? 0));
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', failed);
    call.end(body);
  });
}

function outcomeOf(status: number): PushOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const reason = `http_${status}`;
  const final = status >= 300 && status < 500 && status !== 408 && status !== 429;
  return { kind: final ? 'refused' : 'failed', reason };
}
