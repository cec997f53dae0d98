using System.CommandLine;
using Crust.Gateway.Commands;

var root = new RootCommand("Secure peer-to-peer connections by public key alone.")
{
    IdCommand.Create(),
    GatewayCommand.Create(),
    AdminCommand.Create(),
    NodeCommand.Create(),
    PingCommand.Create(),
    DoctorCommand.Create(),
    VerifyCommand.Create(),
    SendCommand.Create(),
    ReceiveCommand.Create(),
};
return await CommandRunner.RunAsync(root, args);
