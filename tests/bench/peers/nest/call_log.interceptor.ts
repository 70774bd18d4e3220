// A line of JSON per call, as the users service writes, by a logger that
// collects lines before it writes them.
import { type Metadata, status } from '@grpc/grpc-js';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { pino } from 'pino';
import { tap } from 'rxjs';

const logger = pino({ base: { service: 'users' } }, pino.destination({ dest: 2, sync: false, minLength: 4096 }));

@Injectable()
export class CallLogInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const start = performance.now();
    const metadata = context.switchToRpc().getContext<Metadata>();
    const [subject] = metadata.get('subject');
    const line = (code: string, error?: string) => logger.info({
      method: context.getHandler().name, face: 'grpc', code, ms: performance.now() - start, subject, error,
    }, 'call');
    return next.handle().pipe(tap({
      next: () => line('OK'),
      error: (error) => {
        const told = error instanceof RpcException ? (error.getError() as { code: status }).code : status.UNKNOWN;
        line(status[told], error.message);
      },
    }));
  }
}
