// Between the domain's words and the contracts' messages. Pure.
#ifndef MILLRACE_SERVICES_TEMPLATES_WIRE_H_
#define MILLRACE_SERVICES_TEMPLATES_WIRE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "services/templates/check.h"
#include "services/templates/diff.h"
#include "services/templates/domain.h"
#include "services/templates/lifecycle.h"
#include "templates/v1/events.pb.h"
#include "templates/v1/template.pb.h"
#include "templates/v1/templates.pb.h"
#include "users/v1/user.pb.h"

namespace millrace::templates {

::templates::v1::Template ToTemplate(const TemplateVersion& version,
                                     const TemplateHead& head);
::templates::v1::TemplateSummary ToSummary(const TemplateHead& head);
::templates::v1::RenderedMessage ToMessage(const RenderedText& text);
::templates::v1::DiffHunk ToHunk(const Hunk& hunk);
::templates::v1::CheckTemplateResponse ToResponse(const Findings& findings);

// A version that is stored nowhere, or not yet.
TemplateVersion ToVersion(const ::templates::v1::TemplateText& text);
TemplateVersion ToVersion(const ::templates::v1::PutTemplateRequest& request);
DraftEdit ToEdit(const ::templates::v1::UpdateDraftRequest& request);

::templates::v1::TemplatePublished ToPublished(const VersionChange& change);
::templates::v1::TemplateDraftAdded ToDraftAdded(const VersionChange& change);
::templates::v1::TemplateDraftUpdated ToDraftUpdated(
    const VersionChange& change);
::templates::v1::TemplateDraftDeleted ToDraftDeleted(const Target& target,
                                                     int64_t version);
// Without the reason, and who it was.
::templates::v1::TemplateUnsafeAllowed ToUnsafeAllowed(
    const VersionChange& change, const std::vector<Place>& places);
::templates::v1::TemplateArchived ToArchived(const TemplateHead& head);
::templates::v1::TemplateRestored ToRestored(const TemplateHead& head);
::templates::v1::TemplateDeleted ToDeleted(const Target& target);
::templates::v1::TemplateMessageRendered ToRendered(const RenderedText& text);

// What an input of a stream asks for, and what to answer when it fails.
::templates::v1::RenderTemplateRequest ToRequest(
    ::templates::v1::RenderTemplatesRequest input);
::templates::v1::RenderFailure ToFailure(const absl::Status& status);

Recipient ToRecipient(const ::users::v1::User& user);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_WIRE_H_
