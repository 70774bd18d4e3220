// What a handler says beside its answers, as the Connect protocol writes it
// down. Values of "-bin" names are base64 without padding. Pure functions.
#ifndef MILLRACE_HTTP_REPLY_FIELDS_H_
#define MILLRACE_HTTP_REPLY_FIELDS_H_

#include <string>
#include <string_view>

#include "contract/reply_metadata.h"
#include "http/headers.h"

namespace millrace::http {

// Adds a field for each, with `prefix` before its name.
void AddFields(const Metadata& metadata, std::string_view prefix,
               Headers* headers);

// {"name":["value","value"]}: a name that comes again stands where it came
// first.
std::string MetadataJson(const Metadata& metadata);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_REPLY_FIELDS_H_
