import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';

import { Access } from './access.guard.js';
import { CreateUserRequest, GetUserRequest, ListUsersRequest } from './users.dto.js';
import { UsersService } from './users.service.js';

@Controller()
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @GrpcMethod('UsersService', 'CreateUser')
  @Access({ permission: 'users.users.write' })
  createUser(@Payload() request: CreateUserRequest) {
    return this.users.create(request);
  }

  @GrpcMethod('UsersService', 'GetUser')
  @Access({ permission: 'users.users.read', self: 'id' })
  getUser(@Payload() request: GetUserRequest) {
    return this.users.get(request.id);
  }

  @GrpcMethod('UsersService', 'ListUsers')
  @Access({ permission: 'users.users.read' })
  listUsers(@Payload() request: ListUsersRequest) {
    return this.users.list(request);
  }
}
