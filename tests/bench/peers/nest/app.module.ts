import { Module, ValidationPipe } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';

import { AccessGuard } from './access.guard.js';
import { CallLogInterceptor } from './call_log.interceptor.js';
import { openDatabase } from './database.js';
import { invalidRequest } from './errors.js';
import { setting } from './settings.js';
import { UsersController } from './users.controller.js';
import { UserEvents } from './user_events.js';
import { USERS_STORE, UsersService } from './users.service.js';

@Module({
  controllers: [UsersController],
  providers: [
    UsersService,
    UserEvents,
    { provide: USERS_STORE, useFactory: () => openDatabase(setting('DATABASE_URL')) },
    { provide: APP_INTERCEPTOR, useClass: CallLogInterceptor },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_PIPE, useValue: new ValidationPipe({ exceptionFactory: invalidRequest }) },
  ],
})
export class AppModule {}
