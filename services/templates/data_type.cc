#include "services/templates/data_type.h"

#include <vector>

#include "base/strings.h"
#include "base/suggest.h"
#include "templates/v1/events.millrace.h"
#include "users/v1/events.millrace.h"

namespace millrace::templates {

absl::StatusOr<const google::protobuf::Descriptor*> FindDataType(
    const std::string& name) {
  const google::protobuf::Descriptor* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          name);
  if (type != nullptr) return type;
  std::vector<std::string> names;
  for (const ContractInfo* contract :
       {&::users::v1::UserEvents::Info(),
        &::templates::v1::TemplateEvents::Info()}) {
    for (const EventInfo& event : contract->events) {
      names.push_back(event.payload().GetDescriptor()->full_name());
    }
  }
  return absl::NotFoundError(StrCat("no contract has a message '", name, "'",
                                    DidYouMean(name, names)));
}

}  // namespace millrace::templates
