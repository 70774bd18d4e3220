// Requests with the rules of proto/users/v1/users.proto. Fields that are not set
// are not there.
import {
  IsEmail, IsIn, IsInt, IsNotEmpty, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min,
} from 'class-validator';

export class CreateUserRequest {
  @IsEmail()
  @MaxLength(254)
  email!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  displayName!: string;

  @IsOptional()
  @Matches(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
  @MaxLength(35)
  locale?: string;
}

export class GetUserRequest {
  @IsUUID()
  id!: string;
}

export class ListUsersRequest {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  pageSize?: number;

  @IsOptional()
  @IsString()
  @MaxLength(512)
  pageToken?: string;

  @IsOptional()
  @IsIn([0, 1, 2, 3])
  state?: number;
}
