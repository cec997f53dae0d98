using Crust.Tests.Architecture;

namespace Crust.Tests.Interop.Utp;

/// <summary>libtorrent, a BitTorrent library with a µTP of its own, with TCP switched off. <c>peer.py</c> says what the arguments and events are.</summary>
internal static class Libtorrent
{
    /// <summary>Debian's own Python has Debian's packages; another one on the path has not.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly string Script = RepositoryRoot.PathOf("Crust.Tests/Interop/Utp/Libtorrent/peer.py");

    private static readonly Lazy<bool> IsThere = new(() => Tool.Runs(Python, "-c", "import libtorrent"));

    /// <summary>Skips the test when it is not installed.</summary>
    internal static void Require() => Tool.Require(IsThere.Value, "libtorrent (python3-libtorrent) is not installed");

    internal static InteropProcess Seed(string file) => new(Python, Script, "seed", file);

    internal static InteropProcess Fetch(string file, int port, string folder) => new(Python, Script, "fetch", file, $"{port}", folder);
}
