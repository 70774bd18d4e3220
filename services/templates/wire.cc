#include "services/templates/wire.h"

#include "contract/time.h"

namespace millrace::templates {

::templates::v1::Template ToTemplate(const TemplateVersion& version) {
  ::templates::v1::Template wire;
  wire.set_name(version.name);
  wire.set_locale(version.locale);
  wire.set_version(version.version);
  switch (version.state) {
    case State::kDraft:
      wire.set_state(::templates::v1::TEMPLATE_STATE_DRAFT);
      break;
    case State::kPublished:
      wire.set_state(::templates::v1::TEMPLATE_STATE_PUBLISHED);
      break;
    case State::kRetired:
      wire.set_state(::templates::v1::TEMPLATE_STATE_RETIRED);
      break;
  }
  wire.set_content_type(version.content_type);
  wire.set_body(version.body);
  SetTimestamp(version.create_time, wire.mutable_create_time());
  if (version.publish_time) {
    SetTimestamp(*version.publish_time, wire.mutable_publish_time());
  }
  return wire;
}

::templates::v1::RenderedMessage ToMessage(const RenderedText& text) {
  ::templates::v1::RenderedMessage wire;
  wire.set_id(text.id);
  wire.set_user_id(text.user_id);
  wire.set_template_(text.name);
  wire.set_locale(text.locale);
  wire.set_version(text.version);
  wire.set_content_type(text.content_type);
  wire.set_body(text.body);
  wire.set_event_id(text.event_id);
  SetTimestamp(text.render_time, wire.mutable_render_time());
  return wire;
}

::templates::v1::TemplatePublished ToPublished(const TemplateVersion& version) {
  ::templates::v1::TemplatePublished event;
  event.set_name(version.name);
  event.set_locale(version.locale);
  event.set_version(version.version);
  SetTimestamp(version.publish_time.value_or(version.create_time),
               event.mutable_publish_time());
  return event;
}

::templates::v1::TemplateMessageRendered ToRendered(const RenderedText& text) {
  ::templates::v1::TemplateMessageRendered event;
  event.set_message_id(text.id);
  event.set_user_id(text.user_id);
  event.set_template_(text.name);
  event.set_locale(text.locale);
  event.set_version(text.version);
  event.set_cause_event_id(text.event_id);
  SetTimestamp(text.render_time, event.mutable_render_time());
  return event;
}

Recipient ToRecipient(const ::users::v1::User& user) {
  return {.user_id = user.id(),
          .email = user.email(),
          .display_name = user.display_name(),
          .locale = user.locale()};
}

Recipient ToRecipient(const ::users::v1::UserCreated& event) {
  return {.user_id = event.user_id(),
          .email = event.email(),
          .display_name = event.display_name(),
          .locale = event.locale()};
}

}  // namespace millrace::templates
