// Who calls, by an access token that a key of JWKS_URL has signed, and whether
// they may. As in the users service a token that was verified is known for a
// minute, so that its signature is not checked again with each call.
import { type Metadata, status } from '@grpc/grpc-js';
import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { grpcError } from './errors.js';
import { setting } from './settings.js';

export interface Identity {
  subject: string;
  permissions: string[];
}

// A permission, or that the request is about the caller: the field that says
// whom it is about.
export interface AccessRule {
  permission: string;
  self?: string;
}

const RULE = 'access';
export const Access = (rule: AccessRule) => SetMetadata(RULE, rule);

const REMEMBER_MS = 60_000;
const MOST_REMEMBERED = 4096;

@Injectable()
export class AccessGuard implements CanActivate {
  readonly #keys = createRemoteJWKSet(new URL(setting('JWKS_URL')));
  readonly #remembered = new Map<string, { identity: Identity; until: number }>();

  constructor(private readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rpc = context.switchToRpc();
    const metadata = rpc.getContext<Metadata>();
    const identity = await this.#identify(metadata);
    metadata.set('subject', identity.subject); // for the log
    const rule = this.reflector.get<AccessRule>(RULE, context.getHandler());
    if (identity.permissions.includes(rule.permission)) return true;
    if (rule.self && rpc.getData()[rule.self] === identity.subject) return true;
    throw grpcError(status.PERMISSION_DENIED, `the permission ${rule.permission} is needed`);
  }

  async #identify(metadata: Metadata): Promise<Identity> {
    const [authorization] = metadata.get('authorization');
    if (typeof authorization !== 'string' || !authorization.startsWith('Bearer ')) {
      throw grpcError(status.UNAUTHENTICATED, 'an access token is needed');
    }
    const token = authorization.slice('Bearer '.length);
    const now = Date.now();
    const known = this.#remembered.get(token);
    if (known && now < known.until) return known.identity;
    const identity = await this.#verify(token);
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(token, { identity, until: now + REMEMBER_MS });
    return identity;
  }

  async #verify(token: string): Promise<Identity> {
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer: 'millrace', audience: 'millrace', clockTolerance: 30, typ: 'at+jwt',
      });
      return { subject: payload.sub ?? '', permissions: (payload.permissions as string[]) ?? [] };
    } catch {
      throw grpcError(status.UNAUTHENTICATED, 'the access token is not accepted');
    }
  }
}
