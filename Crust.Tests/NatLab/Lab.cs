using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>What the lab needs of this machine.</summary>
internal static class Lab
{
    /// <summary>Skips the test where there are no network namespaces, or one of the tools is missing.</summary>
    internal static void Require(params string[] tools)
    {
        Assert.SkipWhen(NetworkNamespace.Obstacle is not null, NetworkNamespace.Obstacle ?? "");
        foreach (var tool in tools)
            Assert.SkipUnless(File.Exists(SystemCommand.Find(tool)), $"{tool} is not installed: ./test.sh --install brings it.");
    }
}
