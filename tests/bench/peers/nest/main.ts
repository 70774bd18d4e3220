// The peer of the users service: a NestJS microservice that serves Create, Get
// and List of users.v1.UsersService over gRPC. In the environment:
//
//   PORT          where to listen, on 127.0.0.1
//   DATABASE_URL  sqlite:///path/users.db or postgresql://user@host:port/name
//   JWKS_URL      the keys of access tokens
//   PROTO_DIRS    folders of .proto files, with ':' between them
//
// Prints "ready" when it listens. A line of JSON per call goes to stderr.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';

import { AppModule } from './app.module.js';
import { setting } from './settings.js';

const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
  transport: Transport.GRPC,
  logger: ['error', 'warn'],
  options: {
    package: 'users.v1',
    protoPath: 'users/v1/users.proto',
    loader: { includeDirs: setting('PROTO_DIRS').split(':'), longs: Number },
    url: `127.0.0.1:${setting('PORT')}`,
  },
});
app.enableShutdownHooks();
await app.listen();
console.log('ready');
