#include "services/templates/wire.h"

#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "contract/errors.h"
#include "contract/time.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;

v1::TemplateState ToState(State state) {
  switch (state) {
    case State::kDraft:
      return v1::TEMPLATE_STATE_DRAFT;
    case State::kPublished:
      return v1::TEMPLATE_STATE_PUBLISHED;
    case State::kRetired:
      return v1::TEMPLATE_STATE_RETIRED;
  }
  return v1::TEMPLATE_STATE_UNSPECIFIED;
}

v1::DiffKind ToKind(Edit edit) {
  switch (edit) {
    case Edit::kSame:
      return v1::DIFF_KIND_SAME;
    case Edit::kRemoved:
      return v1::DIFF_KIND_REMOVED;
    case Edit::kAdded:
      return v1::DIFF_KIND_ADDED;
  }
  return v1::DIFF_KIND_UNSPECIFIED;
}

// An event about a template, or about one of its versions.
template <typename Event, typename About>
Event AboutTemplate(const About& about) {
  Event event;
  event.set_name(about.name);
  event.set_locale(about.locale);
  return event;
}

template <typename Event>
Event AboutVersion(const TemplateVersion& version) {
  auto event = AboutTemplate<Event>(version);
  event.set_version(version.version);
  return event;
}

// What both a draft and a text that is stored nowhere have.
template <typename Text>
TemplateVersion TextOf(const Text& text) {
  TemplateVersion version;
  if (!text.content_type().empty()) version.content_type = text.content_type();
  if (text.syntax() != 0) version.syntax = text.syntax();
  version.data_type = text.data_type();
  version.body = text.body();
  return version;
}

void SetPlace(const Place& place, v1::TemplatePlace* wire) {
  wire->set_template_(place.template_name);
  wire->set_line(place.line);
  wire->set_column(place.column);
}

}  // namespace

v1::Template ToTemplate(const TemplateVersion& version,
                        const TemplateHead& head) {
  v1::Template wire;
  wire.set_name(version.name);
  wire.set_locale(version.locale);
  wire.set_version(version.version);
  wire.set_state(ToState(version.state));
  wire.set_content_type(version.content_type);
  wire.set_body(version.body);
  wire.set_syntax(static_cast<int32_t>(version.syntax));
  wire.set_data_type(version.data_type);
  wire.set_unsafe_allowed(version.unsafe_allowed);
  wire.set_etag(EtagOf(head));
  SetTimestamp(version.create_time, wire.mutable_create_time());
  if (version.publish_time) {
    SetTimestamp(*version.publish_time, wire.mutable_publish_time());
  }
  return wire;
}

v1::TemplateSummary ToSummary(const TemplateHead& head) {
  v1::TemplateSummary wire;
  wire.set_name(head.name);
  wire.set_locale(head.locale);
  wire.set_latest_version(head.latest_version);
  wire.set_published_version(head.published_version);
  wire.set_etag(EtagOf(head));
  SetTimestamp(head.create_time, wire.mutable_create_time());
  SetTimestamp(head.update_time, wire.mutable_update_time());
  if (head.archive_time) {
    SetTimestamp(*head.archive_time, wire.mutable_archive_time());
  }
  return wire;
}

v1::RenderedMessage ToMessage(const RenderedText& text) {
  v1::RenderedMessage wire;
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

v1::DiffHunk ToHunk(const Hunk& hunk) {
  v1::DiffHunk wire;
  wire.set_from_line(hunk.from_line);
  wire.set_to_line(hunk.to_line);
  for (const DiffLine& line : hunk.lines) {
    v1::DiffLine& one = *wire.add_lines();
    one.set_kind(ToKind(line.edit));
    one.set_text(std::string(line.text));
  }
  return wire;
}

v1::CheckTemplateResponse ToResponse(const Findings& findings) {
  v1::CheckTemplateResponse response;
  for (const Diagnostic& found : findings.problems) {
    v1::TemplateProblem& problem = *response.add_problems();
    SetPlace(found.place, problem.mutable_place());
    problem.set_message(found.message);
    problem.set_excerpt(found.excerpt);
  }
  for (const FieldRead& read : findings.fields) {
    v1::TemplateField& field = *response.add_fields();
    field.set_path(read.path);
    for (const std::string& scope : read.scopes) field.add_sections(scope);
    field.set_is_text(read.is_text);
    SetPlace(read.place, field.mutable_place());
  }
  for (const std::string& name : findings.partials) {
    response.add_partials(name);
  }
  return response;
}

TemplateVersion ToVersion(const v1::TemplateText& text) {
  TemplateVersion version = TextOf(text);
  version.name = text.name().empty() ? "preview" : text.name();
  version.locale = text.locale().empty() ? kDefaultLocale : text.locale();
  return version;
}

TemplateVersion ToVersion(const v1::PutTemplateRequest& request) {
  TemplateVersion version = TextOf(request);
  version.name = request.name();
  version.locale = request.locale();
  return version;
}

DraftEdit ToEdit(const v1::UpdateDraftRequest& request) {
  DraftEdit edit = {.content_type = request.content_type(),
                    .body = request.body(),
                    .syntax = request.syntax()};
  if (request.has_data_type()) edit.data_type = request.data_type();
  return edit;
}

v1::TemplatePublished ToPublished(const VersionChange& change) {
  auto event = AboutVersion<v1::TemplatePublished>(change.version);
  event.set_previous_version(change.previous);
  SetTimestamp(change.head.update_time, event.mutable_publish_time());
  return event;
}

v1::TemplateDraftAdded ToDraftAdded(const VersionChange& change) {
  auto event = AboutVersion<v1::TemplateDraftAdded>(change.version);
  SetTimestamp(change.head.update_time, event.mutable_create_time());
  return event;
}

v1::TemplateDraftUpdated ToDraftUpdated(const VersionChange& change) {
  auto event = AboutVersion<v1::TemplateDraftUpdated>(change.version);
  SetTimestamp(change.head.update_time, event.mutable_update_time());
  return event;
}

v1::TemplateDraftDeleted ToDraftDeleted(const Target& target, int64_t version) {
  auto event = AboutTemplate<v1::TemplateDraftDeleted>(target);
  event.set_version(version);
  SetTimestamp(target.now, event.mutable_delete_time());
  return event;
}

v1::TemplateUnsafeAllowed ToUnsafeAllowed(const VersionChange& change,
                                          const std::vector<Place>& places) {
  auto event = AboutVersion<v1::TemplateUnsafeAllowed>(change.version);
  SetTimestamp(change.head.update_time, event.mutable_allow_time());
  for (const Place& place : places) {
    event.add_places(StrCat(place.line, ":", place.column));
  }
  return event;
}

v1::TemplateArchived ToArchived(const TemplateHead& head) {
  auto event = AboutTemplate<v1::TemplateArchived>(head);
  SetTimestamp(head.update_time, event.mutable_archive_time());
  return event;
}

v1::TemplateRestored ToRestored(const TemplateHead& head) {
  auto event = AboutTemplate<v1::TemplateRestored>(head);
  event.set_version(head.published_version);
  SetTimestamp(head.update_time, event.mutable_restore_time());
  return event;
}

v1::TemplateDeleted ToDeleted(const Target& target) {
  auto event = AboutTemplate<v1::TemplateDeleted>(target);
  SetTimestamp(target.now, event.mutable_delete_time());
  return event;
}

v1::TemplateMessageRendered ToRendered(const RenderedText& text) {
  v1::TemplateMessageRendered event;
  event.set_message_id(text.id);
  event.set_user_id(text.user_id);
  event.set_template_(text.name);
  event.set_locale(text.locale);
  event.set_version(text.version);
  event.set_cause_event_id(text.event_id);
  SetTimestamp(text.render_time, event.mutable_render_time());
  return event;
}

v1::RenderTemplateRequest ToRequest(v1::RenderTemplatesRequest input) {
  v1::RenderTemplateRequest request;
  request.set_name(input.name());
  request.set_locale(input.locale());
  if (input.has_user_id()) {
    request.set_user_id(input.user_id());
  } else if (input.has_data()) {
    *request.mutable_data() = std::move(*input.mutable_data());
  } else if (input.has_json()) {
    request.set_json(std::move(*input.mutable_json()));
  }
  return request;
}

v1::RenderFailure ToFailure(const absl::Status& status) {
  v1::RenderFailure failure;
  failure.set_code(std::string(CodeName(status.code())));
  failure.set_message(std::string(MessageOf(status)));
  return failure;
}

Recipient ToRecipient(const ::users::v1::User& user) {
  return {.user_id = user.id(),
          .email = user.email(),
          .display_name = user.display_name(),
          .locale = user.locale()};
}

}  // namespace millrace::templates
