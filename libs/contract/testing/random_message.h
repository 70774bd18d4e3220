// Random messages of any type.
#ifndef MILLRACE_CONTRACT_TESTING_RANDOM_MESSAGE_H_
#define MILLRACE_CONTRACT_TESTING_RANDOM_MESSAGE_H_

#include <google/protobuf/message.h>

#include <random>

namespace millrace {

// Sets about half of the fields, defaults and other edges of their types among
// the values. Messages are nested at most `depth` deep. The same engine gives
// the same messages.
void Randomize(std::mt19937* random, int depth,
               google::protobuf::Message* message);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_TESTING_RANDOM_MESSAGE_H_
