// What the platform is made of, from its contracts and what the bus says of who
// listens. Pure.
#ifndef MILLRACE_SERVICES_ADMIN_TOPOLOGY_H_
#define MILLRACE_SERVICES_ADMIN_TOPOLOGY_H_

#include <string>
#include <vector>

#include "admin/v1/topology.pb.h"
#include "bus/group_lag.h"
#include "contract/service.h"
#include "services/admin/domain.h"

namespace millrace::admin {

// The owner of a contract is the first part of its package.
::admin::v1::Topology MakeTopology(
    const std::vector<const ServiceInfo*>& services, const Contracts& contracts,
    const std::vector<bus::GroupLag>& lags);

// A flowchart for Mermaid: who answers, emits and listens, with the lag of
// those who are behind.
std::string MermaidOf(const ::admin::v1::Topology& topology);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_TOPOLOGY_H_
