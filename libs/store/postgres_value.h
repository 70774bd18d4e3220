// Values in PostgreSQL's text format. Pure functions, any thread.
#ifndef MILLRACE_STORE_POSTGRES_VALUE_H_
#define MILLRACE_STORE_POSTGRES_VALUE_H_

#include <string>
#include <string_view>

#include "store/value.h"

namespace millrace::store {

// NULL gives an empty string: it travels beside the text. Doubles keep every
// bit; bytes become \x and hex digits.
std::string ToPostgresText(const Value& value);

// `type` is the column's object id in pg_type. Integers, doubles, booleans and
// bytea become themselves, a numeric without a fraction an integer and else a
// double, everything else text. INTERNAL when the text is not of its type.
Value FromPostgresText(unsigned type, std::string_view text);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_POSTGRES_VALUE_H_
