using Crust.Tests.Architecture;

namespace Crust.Tests.Interop.Utp;

/// <summary>libutp, the reference implementation of µTP, through its bindings for Node.js. <c>libutp.js</c> says what the options and events are.</summary>
internal static class Libutp
{
    private static readonly string Folder = RepositoryRoot.PathOf("Crust.Tests/Interop/Utp/Libutp");

    private static readonly Lazy<bool> IsThere = new(() => Tool.Runs("node", "--eval", $"require('{Folder}/node_modules/utp-native')"));

    /// <summary>Skips the test when it is not installed.</summary>
    internal static void Require() => Tool.Require(IsThere.Value, "libutp (Node.js with utp-native) is not installed");

    /// <summary>Starts one that waits for a connection; the port is in its event <c>listening</c>.</summary>
    internal static InteropProcess Listen(params string[] options) => new("node", [$"{Folder}/libutp.js", "listen", .. options]);

    /// <summary>Starts one that connects to a port of loopback.</summary>
    internal static InteropProcess Dial(int port, params string[] options) => new("node", [$"{Folder}/libutp.js", "dial", $"{port}", .. options]);
}
