// Between the domain's words and the contracts' messages. Pure.
#ifndef MILLRACE_SERVICES_TEMPLATES_WIRE_H_
#define MILLRACE_SERVICES_TEMPLATES_WIRE_H_

#include "services/templates/domain.h"
#include "templates/v1/events.pb.h"
#include "templates/v1/templates.pb.h"
#include "users/v1/events.pb.h"
#include "users/v1/users.pb.h"

namespace millrace::templates {

::templates::v1::Template ToTemplate(const TemplateVersion& version);
::templates::v1::RenderedMessage ToMessage(const RenderedText& text);
::templates::v1::TemplatePublished ToPublished(const TemplateVersion& version);
::templates::v1::TemplateMessageRendered ToRendered(const RenderedText& text);

Recipient ToRecipient(const ::users::v1::User& user);
Recipient ToRecipient(const ::users::v1::UserCreated& event);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_WIRE_H_
