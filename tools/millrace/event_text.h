// Events and dead letters as a person reads them. Pure.
#ifndef MILLRACE_TOOLS_MILLRACE_EVENT_TEXT_H_
#define MILLRACE_TOOLS_MILLRACE_EVENT_TEXT_H_

#include <string>
#include <string_view>

#include "millrace/v1/bus.pb.h"
#include "millrace/v1/envelope.pb.h"

namespace millrace::cli {

// What others wrote, for a terminal: it neither obeys it nor takes a part of it
// for another line. Control characters, also those of two bytes in UTF-8
// (U+0080 to U+009F), are written as C does.
std::string Printable(std::string_view text);

// One line: time, type, key, source, trace id, payload. The payload is JSON
// where this program knows its type, else its size and how it begins.
std::string EventLine(const v1::Envelope& event);

// One line: id, when, type, attempts, reason.
std::string LetterLine(const v1::DeadLetter& letter);

// Everything that a letter says, a line for each.
std::string LetterText(const v1::DeadLetter& letter);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_EVENT_TEXT_H_
