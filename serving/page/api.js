// The server's answers, and its own words where there is none.

import { askToken, keptToken } from "./token.js";

/** No success: `messages` are the server's, one per mistake. */
export class Refused extends Error {
  constructor(status, messages) {
    super(messages.join("; "));
    this.status = status;
    this.messages = messages;
  }
}

/** An answer in JSON. `body` is sent as JSON where given. Throws `Refused`, or an AbortError. */
export async function ask(path, body, signal) {
  const request = body === undefined ? {} : { body: JSON.stringify(body), type: "application/json" };
  return (await answer(path, { ...request, signal })).json();
}

/**
 * Any answer: `body` is sent as it is, with its type.
 * @param {string} path
 * @param {{body?: BodyInit, type?: string, signal?: AbortSignal}} [request]
 */
export async function answer(path, { body, type, signal } = {}) {
  const headers = {};
  if (type) headers["Content-Type"] = type;
  if (keptToken()) headers.Authorization = `Bearer ${keptToken()}`;
  const method = body === undefined ? "GET" : "POST";
  const reply = await reached(path, { method, headers, body, signal });
  if (reply.ok) return reply;
  if (reply.status === 401) {
    await askToken();
    return answer(path, { body, type, signal });
  }
  throw new Refused(reply.status, await messagesOf(reply));
}

/**
 * An answer of any status, whole. Nothing that the page asks changes the server: where a connection breaks, before an
 * answer or within one, it asks again.
 */
async function reached(path, options, again = true) {
  try {
    const reply = await fetch(path, options);
    return new Response(await reply.arrayBuffer(), reply);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (again) return reached(path, options, false);
    throw new Refused(0, ["The server does not answer. Is it still running? Nothing you typed is lost."]);
  }
}

async function messagesOf(reply) {
  try {
    const { detail } = await reply.json();
    if (Array.isArray(detail) && detail.length) return detail.map(String);
  } catch {
    // no JSON, so not this server's own words: a proxy in between, most likely
  }
  return [`The server answered ${reply.status} ${reply.statusText}`.trim()];
}
