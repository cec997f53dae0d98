using Crust.Tests.Fuzz;
using Crust.Tests.NatLab;
using Crust.Tests.NatLab.Moving;
using Crust.Tests.Processes.Clusters;
using Crust.Tests.Processes.Traffic;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The test runner's own entry point, but for a few words of ours: tests need processes of a kind that the product has no command for, the corpus is remade by hand, the NAT matrix is written down.
return args switch
{
    [TrafficPeer.Verb, .. var rest] => await TrafficPeer.RunAsync(rest),
    [NumberedPeer.Verb, .. var rest] => await NumberedPeer.RunAsync(rest),
    [PeerHost.Verb, .. var rest] => await PeerHost.RunAsync(rest),
    [ServiceHost.Verb, .. var rest] => await ServiceHost.RunAsync(rest),
    [CorpusRecorder.Verb, var folder] => await CorpusRecorder.RunAsync(folder),
    [MatrixReport.Verb, var journal, .. var file] => MatrixReport.Run(journal, file.FirstOrDefault()),
    _ when args.Any(argument => argument is "--server" or "--internal-msbuild-node") =>
        await TestPlatformTestFramework.RunAsync(args, Crust.Tests.SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    _ => await ConsoleRunner.Run(args),
};
