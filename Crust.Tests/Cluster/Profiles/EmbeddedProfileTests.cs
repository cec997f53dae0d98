using Xunit;

namespace Crust.Tests.Cluster.Profiles;

public sealed class EmbeddedProfileTests(EmbeddedWorld world) : ProfileConformance(world), IClassFixture<EmbeddedWorld>;
