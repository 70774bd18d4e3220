// Errors with gRPC's codes.
import { status } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import type { ValidationError } from 'class-validator';

export const grpcError = (code: status, message: string) => new RpcException({ code, message });

export function invalidRequest(errors: ValidationError[]) {
  const said = errors.flatMap(({ property, constraints }) =>
    Object.values(constraints ?? {}).map((text) => `${property}: ${text}`));
  return grpcError(status.INVALID_ARGUMENT, said.join('; '));
}
