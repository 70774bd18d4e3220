// The details of an error, which gRPC carries in the trailers as a
// google.rpc.Status.
import type { MessageFns } from "./google/rpc/error_details.js";
import type { ServiceError } from "@grpc/grpc-js";

import { BadRequest } from "./google/rpc/error_details.js";
import { Status } from "./google/rpc/status.js";

// The details that are messages of this type: `details(error, BadRequest)`.
// None when the error has none.
export function details<T>(error: ServiceError, type: MessageFns<T, string>): T[] {
  const found: T[] = [];
  for (const bytes of error.metadata?.get("grpc-status-details-bin") ?? []) {
    if (typeof bytes === "string") continue;
    for (const detail of Status.decode(bytes).details) {
      if (detail.typeUrl.endsWith(`/${type.$type}`)) found.push(type.decode(detail.value));
    }
  }
  return found;
}

// What is wrong with the fields of the request.
export function fieldViolations(error: ServiceError): { field: string; description: string }[] {
  return details(error, BadRequest).flatMap((detail) => detail.fieldViolations);
}
