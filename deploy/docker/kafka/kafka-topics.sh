#!/bin/sh
exec java -Xmx64m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog4j2.level=OFF \
  -cp '/opt/kafka/libs/*' org.apache.kafka.tools.TopicCommand "$@"
