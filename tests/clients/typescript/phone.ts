/** A member's phone: the generated types, a token, and a store that catches up. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";

export type Schemas = components["schemas"];
type Answer<T> = { data?: T; error?: unknown; response: Response };

/** What an answer that must be a success says. */
export async function said<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await asked;
  assert.ok(response.ok && data != null, `${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

/** Expect a refusal by its name. */
export async function refused(asked: Promise<Answer<unknown>>, status: number, code: Schemas["Problem"]["code"]) {
  const { error, response } = await asked;
  const problem = error as Schemas["Problem"];
  assert.deepEqual([response.status, problem?.code], [status, code], JSON.stringify(problem));
  return problem;
}

export class Phone {
  readonly api: Client<paths>;
  /** Everything this member may see, by type and id, as `/v1/changes` told it. */
  readonly store = new Map<string, { version: number; resource: Record<string, unknown> }>();
  me!: Schemas["Me"];
  private tokens!: Schemas["Tokens"];
  private cursor: string | undefined;

  constructor(url: string) {
    this.api = createClient<paths>({ baseUrl: url, headers: { "Accept-Language": "vi" } });
    this.api.use({
      onRequest: ({ request }) => {
        if (this.tokens) request.headers.set("Authorization", `Bearer ${this.tokens.access_token}`);
        return request;
      },
    });
  }

  async signIn(phone: string, password: string): Promise<this> {
    const installation = { installation_id: randomUUID(), platform: "web" as const, device_name: "TypeScript" };
    this.tokens = await said(this.api.POST("/v1/auth/login", { body: { phone, password, installation } }));
    this.me = await said(this.api.GET("/v1/me"));
    return this;
  }

  async refresh(): Promise<void> {
    const { refresh_token } = this.tokens;
    this.tokens = await said(this.api.POST("/v1/auth/refresh", { body: { refresh_token } }));
    assert.notEqual(this.tokens.refresh_token, refresh_token);
  }

  /** Catch up, and say how many changes came. */
  async catchUp(): Promise<number> {
    for (let count = 0; ; ) {
      const query = this.cursor === undefined ? {} : { cursor: this.cursor };
      const page = await said(this.api.GET("/v1/changes", { params: { query } }));
      for (const { type, id, op, version, resource } of page.items) {
        if (op === "upsert") {
          assert.ok(resource, `${type} ${id} without its resource`);
          this.store.set(`${type} ${id}`, { version, resource });
        } else this.store.delete(`${type} ${id}`);
      }
      count += page.items.length;
      this.cursor = page.next_cursor;
      if (!page.has_more) return count;
    }
  }

  stored(type: string, id: string): Record<string, unknown> {
    const found = this.store.get(`${type} ${id}`);
    assert.ok(found, `${this.me.full_name} has no ${type} ${id}`);
    return found.resource;
  }
}
