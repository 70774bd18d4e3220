// Which form of a noun a number takes in a language: CLDR's cardinal
// categories, for the languages that mails are mostly written in.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_PLURAL_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_PLURAL_H_

#include <string_view>

namespace millrace::templates {

// "zero", "one", "two", "few", "many" or "other". `locale` as in "de-AT"; a
// language that is not known is taken for one like English.
std::string_view PluralCategory(std::string_view locale, double number);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_PLURAL_H_
